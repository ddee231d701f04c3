// The board in lock-step with the program that started it: one JSON command a line on standard input, one JSON answer
// a line on standard output, and no time passes in between. What the board does depends on nothing but the commands.
//
// Commands ("do") and what they take: see COMMANDS. Every answer holds now_ns, is_on, why the run ended ("time",
// "frame", "off", "budget") and the events since the last answer, each [what, ns, ...]:
//   ["usb", ns, hex]  ["frame", ns, uart, start_ns, end_ns, hex]  ["pin", ns, pin, level]  ["reset", ns, reason]
//   ["flash", ns, "erase" or "program", offset]

import fs from 'node:fs';
import { Chip } from './chip.mjs';
import { Line } from './line.mjs';

const READ_BYTES = 65536;
const RUN_INSTRUCTIONS = 2e9; // a run that takes more is cut off: about a minute and a half

console.warn = () => {}; // the emulator logs each look at a FIFO that it lacks

const options = JSON.parse(process.argv[2]); // {"uf2": path, "driver_pins": [pin or null, pin or null]}
const lines = options.driver_pins.map((pin) => new Line(pin !== null));
const chip = new Chip(lines, options.driver_pins);
const watched = new Set();
let events = [];

chip.onUsb = (bytes) => {
  const last = events.at(-1);
  const hex = Buffer.from(bytes).toString('hex');
  if (last && last[0] === 'usb') last[2] += hex;
  else events.push(['usb', chip.nowNs, hex]);
};
chip.onPin = (pin, level) => { if (watched.has(pin)) events.push(['pin', chip.nowNs, pin, level]); };
chip.onReset = (reason) => events.push(['reset', chip.nowNs, reason]);
chip.onFlash = (what, offset) => events.push(['flash', chip.nowNs, what, offset]);
lines.forEach((line, number) => {
  line.onFrame = ({ startNs, endNs, bytes }) => {
    events.push(['frame', chip.nowNs, number, startNs, endNs, Buffer.from(bytes).toString('hex')]);
    chip.stop();
  };
});

const COMMANDS = {
  run({ until_ns: untilNs }) {
    chip.run(untilNs, RUN_INSTRUCTIONS);
    if (!chip.isOn) return { why: 'off' };
    if (chip.stopped) return { why: 'frame' };
    return { why: chip.nowNs < untilNs ? 'budget' : 'time' };
  },
  power_on() { chip.powerOn(); },
  power_off() { chip.powerOff(); },
  reset() { chip.reset(); },
  hang() { chip.hang(); },
  usb({ hex }) { chip.usb.send(Buffer.from(hex, 'hex')); },
  /** characters: [[byte, error or null], ...] */
  send({ uart, at_ns: atNs, characters }) { lines[uart].send(atNs, characters); },
  echo({ uart, on }) { lines[uart].echo = on; },
  heeds_rts({ uart, on }) { lines[uart].heedsRts = on; },
  input({ pin, level }) { chip.setInput(pin, level); },
  watch({ pin }) { watched.add(pin); },
  /** Power goes in the middle of the n-th erase or program from now on; 0: not any more. */
  cut({ operations }) { chip.flash.cutAt = operations && chip.flash.operations + operations; },
  flash_times({ erase_us: eraseUs, program_us: programUs }) { Object.assign(chip.flash, { eraseUs, programUs }); },
  load({ path, offset }) { chip.flash.bytes.set(fs.readFileSync(path), offset); },
  save({ path }) { fs.writeFileSync(path, chip.flash.bytes); },
  figures() {
    const { operations, programs, erases } = chip.flash;
    const wear = [...erases.entries()].filter(([, count]) => count);
    return {
      instructions: chip.instructions,
      flash: { operations, programs, erases: wear },
      lines: lines.map((line) => ({ ...line.figures, overruns: line.overruns })),
    };
  },
};

function answer(command) {
  const extra = COMMANDS[command.do](command) ?? {};
  const reply = { now_ns: Math.round(chip.nowNs), is_on: chip.isOn, events, ...extra };
  events = [];
  return reply;
}

function* commands() {
  const chunk = Buffer.alloc(READ_BYTES);
  let text = '';
  for (let size; (size = fs.readSync(0, chunk)) > 0;) {
    text += chunk.toString('latin1', 0, size);
    const whole = text.split('\n');
    text = whole.pop();
    yield* whole;
  }
}

chip.flash.loadUf2(options.uf2);
for (const line of commands()) {
  let reply;
  try {
    reply = answer(JSON.parse(line));
  } catch (error) {
    reply = { failed: error.stack };
  }
  fs.writeSync(1, `${JSON.stringify(reply)}\n`);
}
