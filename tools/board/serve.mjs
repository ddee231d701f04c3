// The board as a thing on a desk: USB serial and both UARTs are TCP ports on 127.0.0.1, and it runs in real time (or
// as fast as it can). For mpremote (`connect socket://127.0.0.1:PORT`), pymodbus, and people.
//
// Standard output gets one line of JSON with the ports once they are open. Standard error says when the board starts.

import fs from 'node:fs';
import net from 'node:net';
import { Chip } from './chip.mjs';
import { FLASH_BYTES } from './flash.mjs';
import { Line } from './line.mjs';

const HOST = '127.0.0.1';
const SLICE_NS = 20e6;
const SLICE_INSTRUCTIONS = 200000;
const LARGEST_LAG_NS = 200e6; // a slower machine lets the board's time fall behind instead of catching up for ever
const AHEAD_NS = 1e6;
const SAVE_AFTER_MS = 300;
const REASONS = ['power on', 'watchdog', 'reset by the program'];

console.warn = () => {}; // the emulator logs each look at a FIFO that it lacks

// {"uf2", "driver_pins", "flash": path or null, "usb": port, "uarts": [port, port], "pace": "real" or "max"}
const options = JSON.parse(process.argv[2]);
const lines = options.driver_pins.map((pin) => new Line(pin !== null));
const chip = new Chip(lines, options.driver_pins);

function listen(port, onData) {
  const clients = new Set();
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    clients.add(socket);
    socket.on('data', onData);
    socket.on('error', () => {});
    socket.on('close', () => clients.delete(socket));
  });
  server.write = (bytes) => clients.forEach((socket) => socket.write(bytes));
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, HOST, () => resolve(server));
  });
}

function saveFlash() {
  if (!options.flash) return;
  fs.writeFileSync(`${options.flash}.part`, chip.flash.bytes);
  fs.renameSync(`${options.flash}.part`, options.flash);
}

function keepFlash() {
  let timer = null;
  chip.onFlash = () => {
    timer ??= setTimeout(() => {
      timer = null;
      saveFlash();
    }, SAVE_AFTER_MS);
  };
}

/** Run slices for ever; the wall clock is followed, never overtaken. */
function live() {
  let beganMs = performance.now();
  const slice = () => {
    const dueNs = (performance.now() - beganMs) * 1e6;
    let untilNs = chip.nowNs + SLICE_NS;
    if (options.pace === 'real') {
      untilNs = Math.min(dueNs, untilNs);
      const lag = dueNs - chip.nowNs - LARGEST_LAG_NS;
      if (lag > 0) beganMs += lag / 1e6;
    }
    chip.run(untilNs, SLICE_INSTRUCTIONS);
    lines.forEach((line) => line.flush());
    if (options.pace === 'real' && chip.nowNs >= dueNs - AHEAD_NS) setTimeout(slice, 1);
    else setImmediate(slice);
  };
  slice();
}

chip.flash.loadUf2(options.uf2);
if (options.flash && fs.existsSync(options.flash)) {
  const saved = fs.readFileSync(options.flash);
  if (saved.length !== FLASH_BYTES) throw new Error(`${options.flash}: ${saved.length} bytes, needed ${FLASH_BYTES}`);
  chip.flash.bytes.set(saved);
}
keepFlash();

const usb = await listen(options.usb, (data) => chip.usb.send(data));
chip.onUsb = (bytes) => usb.write(Buffer.from(bytes));
chip.onReset = (reason) => process.stderr.write(`board: ${REASONS[reason]}\n`);
const uarts = await Promise.all(lines.map((line, number) => listen(options.uarts[number], (data) => {
  line.send(chip.nowNs, [...data].map((byte) => [byte]));
})));
lines.forEach((line, number) => {
  let waiting = [];
  line.onByte = (byte) => waiting.push(byte);
  line.flush = () => {
    if (waiting.length) uarts[number].write(Buffer.from(waiting));
    waiting = [];
  };
});
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    saveFlash();
    process.exit(0);
  });
}
chip.powerOn();
process.stdout.write(`${JSON.stringify({ usb: usb.address().port, uarts: uarts.map((each) => each.address().port) })}\n`);
live();
