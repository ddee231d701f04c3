// The RS-485 side of a UART: a transceiver whose driver and receiver hang on one pin (high: sends and is deaf, low:
// listens), the wire with its frames, and whoever else is on it. A UART without such a pin is wired straight through.

const QUIET_CHARACTERS = 3.5;
const QUIET_NS_FAST = 1750e3; // fixed above 19200 baud (Modbus over Serial Line V1.02, 2.5.1.1)
const FAST_CHARACTER_NS = 11e9 / 19200;

/**
 * onFrame(frame): the wire has been quiet for 3.5 characters after something the board sent; frame: {startNs, endNs,
 * bytes}. onByte(byte): the wire has a character of the board.
 * echo: the receiver listens while the driver sends. heedsRts: the others send nothing while the board's RTS pin forbids
 * it (a wire without a driver pin).
 */
export class Line {
  constructor(hasDriverPin) {
    this.hasDriverPin = hasDriverPin;
    this.isDriving = !hasDriverPin;
    this.echo = false;
    this.heedsRts = false;
    this.onFrame = () => {};
    this.onByte = () => {};
    this.arriving = [];
    this.figures = {
      frames: 0, // sent by the board
      undriven: 0, // characters whose driver was off for a part of them: nobody heard them
      held_ns: 0, // the longest time that the driver was on after the last stop bit
      deaf: 0, // characters lost because they arrived while the driver was on
      erased: 0, // sectors of the flash of which the erase began while a frame was on its way or an answer awaited
      programmed: 0, // pages of which the programming did
      during_flash: 0, // characters, in either direction, of which a part was on the line while flash was written
      gap_ns: null, // the shortest silence before a frame of the board
      pause_ns: 0, // the longest silence inside a frame of the board
    };
    this._sending = [];
  }

  /** A chip has been built: its UART takes this place on the line. clock: the chip's, from zero at its reset. */
  attach(uart, clock, nowNs) {
    this.uart = uart;
    this.nowNs = nowNs;
    this._clock = clock;
    this._startNs = this._endNs = this._activeNs = null;
    this._flashFromNs = this._flashUntilNs = 0; // the newest time in which flash was written
    this._sending = [];
    this._isWhole = true;
    this._quietAlarm = clock.createAlarm(() => this._quiet());
    this._arrivalAlarm = clock.createAlarm(() => this._arrived());
    if (this.hasDriverPin) this.isDriving = false;
    uart.onStart = () => this._characterStarts();
    uart.onEnd = (byte) => this._characterEnds(byte);
    uart.onReady = () => this._released();
    this._scheduleArrival();
  }

  get overruns() {
    return this.uart.overruns;
  }

  /** The pin that switches the driver has changed. */
  drive(isHigh) {
    if (!this.hasDriverPin || isHigh === this.isDriving) return;
    this.isDriving = isHigh;
    if (isHigh) return;
    if (this.uart.shifting >= 0) this._isWhole = false;
    else if (this._endNs !== null) this.figures.held_ns = Math.max(this.figures.held_ns, this.nowNs() - this._endNs);
  }

  /** The chip is about to do nothing else for ns. what: "erase" or "program". */
  deafened(what, ns) {
    const now = this.nowNs();
    if (now >= this._flashUntilNs) this._flashFromNs = this._flashUntilNs = now;
    this._flashUntilNs += ns;
    if (!this.uart.isSending && !this._sending.length && !this.arriving.length) return;
    this.figures[what === 'erase' ? 'erased' : 'programmed'] += 1;
  }

  /** A character, of either direction, has just ended. */
  _moved() {
    const now = this.nowNs();
    const startNs = now - this.uart.characterNs;
    if (startNs < this._flashUntilNs && this._flashFromNs < now) this.figures.during_flash += 1;
  }

  /** Others send: characters [byte, error] one after the other from atNs on, in the board's own format. */
  send(atNs, characters) {
    let endNs = Math.max(atNs, this.nowNs());
    const last = this.arriving.at(-1);
    if (last) endNs = Math.max(endNs, last.endNs);
    for (const [byte, error] of characters) {
      endNs += this.uart.characterNs;
      this.arriving.push({ endNs, byte, error });
    }
    this._scheduleArrival();
  }

  _scheduleArrival() {
    if (this.arriving.length && !this._isHeldBack) {
      this._arrivalAlarm.schedule(Math.max(0, this.arriving[0].endNs - this.nowNs()));
    }
  }

  get _isHeldBack() {
    return this.heedsRts && !this.uart.isReadyToReceive;
  }

  /** RTS allows sending again: what waited goes on where it was stopped. */
  _released() {
    if (!this.arriving.length || this._isHeldBack) return;
    const lateNs = this.nowNs() + this.uart.characterNs - this.arriving[0].endNs;
    if (lateNs > 0) for (const each of this.arriving) each.endNs += lateNs;
    this._scheduleArrival();
  }

  _arrived() {
    const { byte, error } = this.arriving.shift();
    this._activeNs = this.nowNs();
    this._moved();
    if (this.hasDriverPin && this.isDriving && !this.echo) this.figures.deaf += 1;
    else this.uart.receive(byte, error);
    this._scheduleArrival();
  }

  _characterStarts() {
    const now = this.nowNs();
    this._isWhole = this.isDriving;
    if (this._sending.length) {
      this.figures.pause_ns = Math.max(this.figures.pause_ns, now - this._endNs);
    } else {
      this._startNs = now;
      if (this._activeNs !== null) {
        const gap = now - this._activeNs;
        this.figures.gap_ns = this.figures.gap_ns === null ? gap : Math.min(this.figures.gap_ns, gap);
      }
    }
    this._quietAlarm.cancel();
  }

  _characterEnds(byte) {
    this._endNs = this._activeNs = this.nowNs();
    this._moved();
    if (this._isWhole) {
      this._sending.push(byte);
      this.onByte(byte);
    } else {
      this.figures.undriven += 1;
    }
    if (this.echo) this.uart.receive(byte);
    const { characterNs } = this.uart;
    this._quietAlarm.schedule(characterNs < FAST_CHARACTER_NS ? QUIET_NS_FAST : QUIET_CHARACTERS * characterNs);
  }

  _quiet() {
    if (!this._sending.length) return;
    const frame = { startNs: this._startNs, endNs: this._endNs, bytes: this._sending };
    this._sending = [];
    this.figures.frames += 1;
    this.onFrame(frame);
  }
}
