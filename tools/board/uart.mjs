// A UART of the RP2040 (ARM PL011, data sheet 4.2): both FIFOs with their trigger levels, the time of each character,
// the receive time-out, and the four errors. It takes the place of the emulator's own model, whose transmitter takes
// no time and whose interrupt never ends.

import { BasePeripheral } from 'rp2040js';

const DR = 0x00, RSR = 0x04, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34, IMSC = 0x38;
const RIS = 0x3c, MIS = 0x40, ICR = 0x44, DMACR = 0x48, PERIPHERAL_ID = 0xfe0;
const ENABLED = 1, BREAK = 1, PARITY = 2, TWO_STOPS = 8, FIFOS = 16, TRANSMITS = 0x100, RECEIVES = 0x200;
const RTS_ENABLED = 0x4000;
const BUSY = 8, RX_EMPTY = 16, TX_FULL = 32, RX_FULL = 64, TX_EMPTY = 128, CLEAR_TO_SEND = 1;
const RX_INTERRUPT = 0x10, TX_INTERRUPT = 0x20, TIMEOUT_INTERRUPT = 0x40;
/** Error bits as they stand in the data register beside the byte, and (shifted right by one) as interrupts. */
export const ERRORS = { framing: 0x100, parity: 0x200, break: 0x400, overrun: 0x800 };
const LEVELS = [4, 8, 16, 24, 28];
const TIMEOUT_BITS = 32;
const IDENTITY = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

/**
 * onStart(byte), onEnd(byte): a character begins, and its last stop bit is over. overruns: characters lost because
 * the receive FIFO was full. onReady(): RTS allows the other side to send again.
 */
export class Uart extends BasePeripheral {
  constructor(mcu, number, irq) {
    super(mcu, `UART${number}`);
    this.irq = irq;
    this.control = TRANSMITS | RECEIVES;
    this.line = 0;
    this.mask = 0;
    this.raised = 0;
    this.integer = 0;
    this.fraction = 0;
    this.levels = 0x12;
    this.received = [];
    this.queue = [];
    this.shifting = -1;
    this.overruns = 0;
    this.onStart = () => {};
    this.onEnd = () => {};
    this.onReady = () => {};
    this.transmitAlarm = mcu.clock.createAlarm(() => this._characterSent());
    this.timeoutAlarm = mcu.clock.createAlarm(() => this._timedOut());
  }

  // The bit time follows clkPeri by itself; the chip calls this when the clock changes.
  clkPeriChanged() {}

  get bitNs() {
    const divisor = this.integer + this.fraction / 64;
    return divisor ? (16e9 * divisor) / this.rp2040.clkPeri : 1e9 / 9600;
  }

  get characterBits() {
    const dataBits = 5 + ((this.line >> 5) & 3);
    return 1 + dataBits + (this.line & PARITY ? 1 : 0) + (this.line & TWO_STOPS ? 2 : 1);
  }

  get characterNs() {
    return this.characterBits * this.bitNs;
  }

  get depth() {
    return this.line & FIFOS ? 32 : 1;
  }

  get isSending() {
    return this.shifting >= 0 || this.queue.length > 0;
  }

  /** A whole character has arrived; error: a key of ERRORS or undefined. */
  receive(byte, error) {
    if (!(this.control & ENABLED) || !(this.control & RECEIVES)) return;
    if (this.received.length >= this.depth) {
      this.overruns += 1;
      this.raised |= ERRORS.overrun >> 1;
    } else {
      this.received.push(byte | (ERRORS[error] ?? 0));
      if (error) this.raised |= ERRORS[error] >> 1;
    }
    if (this.received.length >= this._receiveLevel) this.raised |= RX_INTERRUPT;
    this.timeoutAlarm.schedule(TIMEOUT_BITS * this.bitNs);
    this._interrupt();
  }

  /** The RTS pin, which the hardware drives by the level of the FIFO (data sheet 4.2.4). */
  get isReadyToReceive() {
    return !(this.control & RTS_ENABLED) || this.received.length < this._receiveLevel;
  }

  get _transmitLevel() {
    return this.depth === 1 ? 0 : LEVELS[this.levels & 7] ?? 16;
  }

  get _receiveLevel() {
    return this.depth === 1 ? 1 : LEVELS[(this.levels >> 3) & 7] ?? 16;
  }

  _interrupt() {
    this.rp2040.setInterrupt(this.irq, (this.raised & this.mask) !== 0);
  }

  _timedOut() {
    if (this.received.length) this.raised |= TIMEOUT_INTERRUPT;
    this._interrupt();
  }

  _nextCharacter() {
    if (this.shifting >= 0 || !this.queue.length) return;
    if (!(this.control & ENABLED) || !(this.control & TRANSMITS) || this.line & BREAK) return;
    const before = this.queue.length;
    this.shifting = this.queue.shift();
    // The interrupt comes on the way down through the level, not while the FIFO is below it.
    if (before > this._transmitLevel && this.queue.length <= this._transmitLevel) this.raised |= TX_INTERRUPT;
    this.transmitAlarm.schedule(this.characterNs);
    this.onStart(this.shifting);
    this._interrupt();
  }

  _characterSent() {
    const byte = this.shifting;
    this.shifting = -1;
    this.onEnd(byte);
    this._nextCharacter();
  }

  _takeReceived() {
    const wasReady = this.isReadyToReceive;
    const word = this.received.length ? this.received.shift() : 0;
    if (this.received.length < this._receiveLevel) this.raised &= ~RX_INTERRUPT;
    if (!this.received.length) {
      this.raised &= ~TIMEOUT_INTERRUPT;
      this.timeoutAlarm.cancel();
    }
    if (!wasReady && this.isReadyToReceive) this.onReady();
    this._interrupt();
    return word;
  }

  get _flags() {
    const { received, queue, depth } = this;
    return CLEAR_TO_SEND | (this.isSending ? BUSY : 0)
      | (received.length ? 0 : RX_EMPTY) | (received.length >= depth ? RX_FULL : 0)
      | (queue.length ? 0 : TX_EMPTY) | (queue.length >= depth ? TX_FULL : 0);
  }

  readUint32(offset) {
    switch (offset) {
      case DR: return this._takeReceived();
      case RSR: return 0;
      case FR: return this._flags;
      case IBRD: return this.integer;
      case FBRD: return this.fraction;
      case LCR_H: return this.line;
      case CR: return this.control;
      case IFLS: return this.levels;
      case IMSC: return this.mask;
      case RIS: return this.raised;
      case MIS: return this.raised & this.mask;
      case DMACR: return 0;
      default:
        if (offset >= PERIPHERAL_ID) return IDENTITY[(offset - PERIPHERAL_ID) / 4];
        return super.readUint32(offset);
    }
  }

  writeUint32(offset, value) {
    switch (offset) {
      case DR:
        if (this.queue.length < this.depth) this.queue.push(value & 0xff);
        if (this.queue.length > this._transmitLevel) this.raised &= ~TX_INTERRUPT;
        this._nextCharacter();
        break;
      case IBRD: this.integer = value & 0xffff; break;
      case FBRD: this.fraction = value & 0x3f; break;
      case LCR_H:
        if (this.line & FIFOS && !(value & FIFOS)) this.received.length = this.queue.length = 0;
        this.line = value & 0xff;
        this._nextCharacter();
        break;
      case CR:
        this.control = value & 0xffff;
        this._nextCharacter();
        break;
      case IFLS: this.levels = value & 0x3f; break;
      case IMSC: this.mask = value & 0x7ff; break;
      case ICR: this.raised &= ~this.rawWriteValue; break;
      case RSR: case DMACR: break; // errors are read beside their byte; nobody uses DMA here
      default: super.writeUint32(offset, value);
    }
    this._interrupt();
  }
}
