// The board: an RP2040 with a boot ROM, a flash chip, two UARTs on RS-485 lines, USB serial and pins, and what lets it
// start again: power, the reset pin and the watchdog. Time is the chip's own, in ns since power was first put on.

import { ConsoleLogger, LogLevel, RP2040 } from 'rp2040js';
import { Flash, FLASH_BYTES } from './flash.mjs';
import { Rom, UnknownTrap } from './rom.mjs';
import { Uart } from './uart.mjs';
import { UsbSerial } from './usb.mjs';

const FLASH_AT = 0x10000000;
const RAM_AT = 0x20000000;
const ROM_END = 0x4000;
const NS_PER_CYCLE = 8; // 125 MHz
const UART_AT = [0x40034, 0x40038];
const UART_IRQ = 20;
const WATCHDOG_AT = 0x40058;
const HIGH = 1;
const PULLED_UP = 3;

/**
 * lines: two Line objects. driverPins: the pin that switches the driver of each, or null.
 * onUsb(bytes), onPin(pin, level), onFlash("erase" or "program", offset), onReset(reason): 0 power or reset pin,
 * 1 watchdog expired, 2 forced by software.
 */
export class Chip {
  constructor(lines, driverPins) {
    this.lines = lines;
    this.driverPins = driverPins;
    this.flash = new Flash();
    this.flash.onCut = () => this.powerOff();
    this.flash.onOperation = (what, offset, us) => {
      lines.forEach((line) => line.deafened(what, 1000 * us));
      this.onFlash(what, offset);
    };
    this.instructions = 0;
    this.stopped = false; // run() came back because of stop()
    this.failure = null;
    this.inputs = new Map(); // pin -> level, as the world outside holds it
    this.onUsb = () => {};
    this.onPin = () => {};
    this.onReset = () => {};
    this.onFlash = () => {};
    this.isOn = false;
    this._pastNs = 0;
    this._clock = null;
    this._mustLook = false; // something that run() asks for has changed
  }

  get nowNs() {
    return this._pastNs + (this._clock ? this._clock.nanos : 0);
  }

  powerOn() {
    this.flash.isPowered = this.isOn = true;
    this._build(new Uint32Array(8), 0);
  }

  powerOff() {
    this.flash.isPowered = this.isOn = false;
    this._mustLook = true;
  }

  /** run() comes back after this instruction. */
  stop() {
    this.stopped = this._mustLook = true;
  }

  /** The RUN pin pulled low: everything but the flash starts again. */
  reset() {
    this._build(new Uint32Array(8), 0);
  }

  /** The CPU stops for good, as after a fault; everything beside it goes on. */
  hang() {
    this._isHung = true;
  }

  setInput(pin, level) {
    this.inputs.set(pin, level);
    this.mcu?.gpio[pin].setInputValue(level === 1);
  }

  _build(scratch, reason) {
    this._pastNs = this.nowNs;
    const mcu = new RP2040();
    this.mcu = mcu;
    this._clock = mcu.clock;
    mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    this.rom = new Rom(this);
    mcu.loadBootrom(this.rom.words);
    // After that, since it wipes the emulator's own flash. Now both are one.
    mcu.flash = this.flash.bytes;
    mcu.flashView = new DataView(mcu.flash.buffer);
    mcu.onBreak = (n) => this._trap(n);
    this._wireWatchdog(scratch, reason);
    this.usb = new UsbSerial(mcu, (bytes) => this.onUsb(bytes));
    for (const number of [0, 1]) this._wireUart(number);
    for (let pin = 0; pin < mcu.gpio.length; pin += 1) this._wirePin(pin);
    this._stallNs = 0; // how long the ROM's function still holds the CPU
    this._resetWanted = this._isHung = false;
    mcu.core.PC = FLASH_AT;
    this.onReset(reason);
  }

  _wireWatchdog(scratch, reason) {
    const watchdog = this.mcu.peripherals[WATCHDOG_AT];
    watchdog.scratchData.set(scratch);
    watchdog.reason = reason;
    watchdog.onWatchdogTrigger = () => {
      // Otherwise the emulator arms it again for "now" and never gets on.
      watchdog.alarm.enable = watchdog.timer.enable = false;
      this._resetWanted = this._mustLook = true;
    };
  }

  _wireUart(number) {
    const uart = new Uart(this.mcu, number, UART_IRQ + number);
    this.mcu.uart[number] = this.mcu.peripherals[UART_AT[number]] = uart;
    this.lines[number].attach(uart, this._clock, () => this.nowNs);
  }

  /** Outputs read back what they drive; an input reads what is outside, or its own pull resistor. */
  _wirePin(pin) {
    const gpio = this.mcu.gpio[pin];
    if (this.inputs.has(pin)) gpio.setInputValue(this.inputs.get(pin) === 1);
    gpio.addListener((state) => {
      const isDriven = state <= HIGH;
      if (isDriven) gpio.setInputValue(state === HIGH);
      else gpio.setInputValue(this.inputs.has(pin) ? this.inputs.get(pin) === 1 : state === PULLED_UP);
      const number = this.driverPins.indexOf(pin);
      if (number >= 0) this.lines[number].drive(state === HIGH);
      if (isDriven) this.onPin(pin, state);
    });
  }

  _trap(n) {
    const { core } = this.mcu;
    if (core.PC > ROM_END) {
      this._fail(new UnknownTrap(`breakpoint ${n} in the firmware at 0x${core.PC.toString(16)}`));
      return;
    }
    try {
      this._stallNs += this.rom.call(n, core.registers) * NS_PER_CYCLE;
    } catch (error) {
      this._fail(error);
    }
  }

  _fail(error) {
    this.failure = error;
    this.powerOff();
  }

  // -- what the ROM's functions work on --
  fill(address, value, bytes) {
    const at = address - RAM_AT;
    if (at >= 0 && at + bytes <= this.mcu.sram.length) this.mcu.sram.fill(value, at, at + bytes);
    else for (let i = 0; i < bytes; i += 1) this.mcu.writeUint8(address + i, value);
  }

  copy(to, from, bytes) {
    const at = to - RAM_AT;
    const isRam = at >= 0 && at + bytes <= this.mcu.sram.length;
    if (isRam && from >= FLASH_AT && from + bytes <= FLASH_AT + FLASH_BYTES) {
      this.mcu.sram.set(this.mcu.flash.subarray(from - FLASH_AT, from - FLASH_AT + bytes), at);
    } else if (isRam && from >= RAM_AT && from - RAM_AT + bytes <= this.mcu.sram.length) {
      this.mcu.sram.copyWithin(at, from - RAM_AT, from - RAM_AT + bytes);
    } else {
      for (let i = 0; i < bytes; i += 1) this.mcu.writeUint8(to + i, this.mcu.readUint8(from + i));
    }
  }

  sourceBytes(address, bytes) {
    return Uint8Array.from({ length: bytes }, (_, i) => this.mcu.readUint8(address + i));
  }

  // -- time --
  /** Run until untilNs, at most `budget` instructions, or until `stopped`, power lost, or a failure. */
  run(untilNs, budget = Infinity) {
    const begun = this.instructions;
    this.stopped = false;
    while (this.isOn && !this.stopped && this.nowNs < untilNs && this.instructions - begun < budget) {
      this._runChip(untilNs - this._pastNs, budget - (this.instructions - begun));
      if (this._resetWanted) this._watchdogReset();
    }
    if (this.failure) throw this.failure;
  }

  _watchdogReset() {
    const watchdog = this.mcu.peripherals[WATCHDOG_AT];
    this._build(Uint32Array.from(watchdog.scratchData), watchdog.reason);
  }

  /** The hot loop: one instruction a turn, or a leap to the next alarm while the chip waits or the ROM holds it. */
  _runChip(endNs, budget) {
    const { core } = this.mcu;
    const clock = this._clock;
    let done = 0;
    this._mustLook = false;
    while (done < budget && clock.nanosCounter < endNs) {
      const isStalled = this._stallNs !== 0;
      if (isStalled || core.waiting || this._isHung) {
        // To the next alarm and not beyond: who hears a frame meanwhile answers meanwhile.
        const alarmNs = clock.nextAlarm === null ? Infinity : clock.nextAlarm.nanos;
        let ns = Math.min(alarmNs, endNs) - clock.nanosCounter;
        if (isStalled) {
          ns = Math.min(ns, this._stallNs);
          this._stallNs -= ns;
        }
        clock.tick(ns);
      } else {
        const ns = core.executeInstruction() * NS_PER_CYCLE;
        done += 1;
        const now = clock.nanosCounter + ns;
        const alarm = clock.nextAlarm;
        if (alarm === null || alarm.nanos > now) clock.nanosCounter = now;
        else clock.tick(ns);
      }
      if (this._mustLook) break;
    }
    this.instructions += done;
  }
}
