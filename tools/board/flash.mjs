// The flash chip (W25Q16JV, 2 MiB): erased by sectors of 4096 bytes, programmed by pages of 256; a program can only
// clear bits. Times are the data sheet's typical ones unless told otherwise (its longest: 400 ms and 3 ms); the RP2040
// executes nothing meanwhile.

import fs from 'node:fs';

export const FLASH_BYTES = 2 << 20;
const SECTOR_BYTES = 4096;
/** [us to erase a sector, us to program a page] */
export const TYPICAL_US = [45000, 400];
const UF2_BLOCK_BYTES = 512;
const UF2_MAGIC = 0x0a324655;

/**
 * bytes: the content. erases: how often each sector was erased. operations: erases and programs so far.
 * cutAt: the operation (counted like `operations`, from 1) in whose middle the power goes, 0: never.
 * onOperation("erase" or "program", offset, us that it takes): one begins.
 */
export class Flash {
  constructor() {
    this.bytes = new Uint8Array(FLASH_BYTES).fill(0xff);
    this.erases = new Uint32Array(FLASH_BYTES / SECTOR_BYTES);
    this.programs = 0;
    this.operations = 0;
    this.cutAt = 0;
    this.isPowered = true;
    [this.eraseUs, this.programUs] = TYPICAL_US;
    this.onCut = () => {};
    this.onOperation = () => {};
  }

  /** Put the blocks of a UF2 file (drag-and-drop firmware image) where they belong. */
  loadUf2(path) {
    const file = fs.readFileSync(path);
    for (let at = 0; at + UF2_BLOCK_BYTES <= file.length; at += UF2_BLOCK_BYTES) {
      if (file.readUInt32LE(at) !== UF2_MAGIC) continue;
      const address = file.readUInt32LE(at + 12);
      const length = file.readUInt32LE(at + 16);
      this.bytes.set(file.subarray(at + 32, at + 32 + length), address & 0xffffff);
    }
  }

  /** Erase the sector at `offset`; gives the time that it takes, us. */
  erase(offset) {
    this.erases[offset / SECTOR_BYTES] += 1;
    if (this._isCut('erase', offset, this.eraseUs)) {
      // An interrupted erase leaves a mixture; half of the sector stands for every mixture here.
      this.bytes.fill(0xff, offset, offset + SECTOR_BYTES / 2);
      return 0;
    }
    this.bytes.fill(0xff, offset, offset + SECTOR_BYTES);
    return this.eraseUs;
  }

  /** Clear the bits that `page` has clear; gives the time that it takes, us. */
  program(offset, page) {
    this.programs += 1;
    const isCut = this._isCut('program', offset, this.programUs);
    const length = isCut ? page.length / 2 : page.length;
    for (let i = 0; i < length; i += 1) this.bytes[offset + i] &= page[i];
    return isCut ? 0 : this.programUs;
  }

  _isCut(what, offset, us) {
    this.operations += 1;
    this.onOperation(what, offset, us);
    if (this.operations !== this.cutAt) return false;
    this.isPowered = false;
    this.onCut();
    return true;
  }
}
