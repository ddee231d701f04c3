// The boot ROM. The real one may not be copied, so this image holds only what callers look at: a vector table, the
// tables by which functions are found (RP2040 data sheet 2.8.3), and for each function "BKPT #n; BX LR". The
// breakpoint hands over to the function written here.

import { DOUBLE, SINGLE } from './rom_floats.mjs';

const ROM_BYTES = 16384;
const STUBS_AT = 0x200;
const TABLES_AT = 0x700;
const BKPT = 0xbe00;
const BX_LR = 0x4770;
const WFI = 0xbf30;
const LOOP_TO_WFI = 0xe7fd;
const INITIAL_STACK = 0x20041f00;
const VERSION = 3; // of the B2 silicon; functions of version 2 and later are looked up by it
const CYCLES_PER_US = 125;
const SECTOR_BYTES = 4096;
const PAGE_BYTES = 256;

/** A call of a ROM function that nobody has written: the name says which one is wanted. */
export class UnknownTrap extends Error {}

function code(letters) {
  return letters.charCodeAt(0) | (letters.charCodeAt(1) << 8);
}

function popcount(word) {
  let ones = 0;
  for (let rest = word; rest; rest = (rest & (rest - 1)) >>> 0) ones += 1;
  return ones;
}

/** chip: fill(address, value, bytes), copy(to, from, bytes), flash (see flash.mjs), sourceBytes(address, bytes). */
export class Rom {
  constructor(chip) {
    this.chip = chip;
    this.view = new DataView(new ArrayBuffer(ROM_BYTES));
    this.functions = [];
    this.at = STUBS_AT;
    this._build();
  }

  get words() {
    return new Uint32Array(this.view.buffer);
  }

  /** Run function n with the registers r; gives the CPU cycles that it takes. Throws UnknownTrap. */
  call(n, r) {
    const [name, cycles, work] = this.functions[n] ?? [`number ${n}`];
    if (work === undefined) throw new UnknownTrap(`the boot ROM has no function ${name}`);
    return cycles + (work(r) ?? 0);
  }

  _stub(name, cycles, work) {
    const n = this.functions.push([name, cycles, work]) - 1;
    this.view.setUint16(this.at, BKPT | n, true);
    this.view.setUint16(this.at + 2, BX_LR, true);
    this.at += 4;
    return this.at - 4 + 1; // a Thumb address is odd
  }

  _build() {
    const { view } = this;
    const functionTable = this._byCode().map(([letters, ...rest]) => [code(letters), this._stub(...rest)]);
    const singles = SINGLE.map((entry) => this._stub(...entry));
    const doubles = DOUBLE.map((entry) => this._stub(...entry));
    const lookUp = this._stub('table_lookup', 30, (r) => this._lookUp(r));
    const hang = this.at;
    view.setUint16(hang, WFI, true);
    view.setUint16(hang + 2, LOOP_TO_WFI, true);

    this.at = TABLES_AT;
    const functionsAt = this._pairs(functionTable);
    const sizeAt = this.at;
    view.setUint8(sizeAt, SINGLE.length);
    this.at += 4;
    const singlesAt = this._words(singles);
    const doublesAt = this._words(doubles);
    const revisionAt = this._words([0]);
    const dataAt = this._pairs([
      [code('GR'), revisionAt], [code('CR'), revisionAt], [code('SF'), singlesAt], [code('SD'), doublesAt],
      [code('FZ'), sizeAt],
    ]);

    view.setUint32(0, INITIAL_STACK, true);
    for (const vector of [4, 8, 12]) view.setUint32(vector, hang + 1, true);
    for (const [offset, byte] of [[0x10, 0x4d], [0x11, 0x75], [0x12, 1], [0x13, VERSION]]) view.setUint8(offset, byte);
    view.setUint16(0x14, functionsAt, true);
    view.setUint16(0x16, dataAt, true);
    view.setUint16(0x18, lookUp, true);
  }

  _pairs(pairs) {
    const start = this.at;
    for (const [key, value] of pairs) {
      this.view.setUint16(this.at, key, true);
      this.view.setUint16(this.at + 2, value, true);
      this.at += 4;
    }
    this.at += 4; // a zero key ends the table
    return start;
  }

  _words(words) {
    const start = this.at;
    for (const word of words) {
      this.view.setUint32(this.at, word, true);
      this.at += 4;
    }
    return start;
  }

  /** r0: table, r1: code; gives the entry, 0 when there is none. */
  _lookUp(r) {
    let at = r[0];
    const wanted = r[1] & 0xffff;
    r[0] = 0;
    for (let key; (key = this.view.getUint16(at, true)) !== 0; at += 4) {
      if (key === wanted) {
        r[0] = this.view.getUint16(at + 2, true);
        return;
      }
    }
  }

  /** [code, name, cycles, function]; a function may give further cycles. Memory functions: about 2 bytes a cycle. */
  _byCode() {
    const { chip } = this;
    const fill = (r) => { chip.fill(r[0], r[1] & 0xff, r[2]); return r[2] >> 1; };
    const copy = (r) => { chip.copy(r[0], r[1], r[2]); return (r[0] ^ r[1]) & 3 ? r[2] * 7 : r[2]; };
    return [
      ['P3', 'popcount32', 20, (r) => { r[0] = popcount(r[0]); }],
      ['R3', 'reverse32'],
      ['L3', 'clz32', 15, (r) => { r[0] = Math.clz32(r[0]); }],
      ['T3', 'ctz32', 15, (r) => { r[0] = r[0] ? 31 - Math.clz32(r[0] & -r[0]) : 32; }],
      ['MS', 'memset', 20, fill],
      ['S4', 'memset4', 20, fill],
      ['MC', 'memcpy', 20, copy],
      ['C4', 'memcpy44', 20, copy],
      ['UB', 'usb_boot'],
      ['IF', 'connect_internal_flash', 100, () => {}],
      ['EX', 'flash_exit_xip', 400, () => {}],
      ['RE', 'flash_range_erase', 0, (r) => this._erase(r[0], r[1])],
      ['RP', 'flash_range_program', 0, (r) => this._program(r[0], r[1], r[2])],
      ['FC', 'flash_flush_cache', 50, () => {}],
      ['CX', 'flash_enter_cmd_xip', 50, () => {}],
    ];
  }

  _erase(offset, bytes) {
    const { flash } = this.chip;
    let us = 0;
    for (let at = offset; at < offset + bytes && flash.isPowered; at += SECTOR_BYTES) us += flash.erase(at);
    return us * CYCLES_PER_US;
  }

  _program(offset, source, bytes) {
    const { flash } = this.chip;
    let us = 0;
    for (let at = 0; at < bytes && flash.isPowered; at += PAGE_BYTES) {
      us += flash.program(offset + at, this.chip.sourceBytes(source + at, PAGE_BYTES));
    }
    return us * CYCLES_PER_US;
  }
}
