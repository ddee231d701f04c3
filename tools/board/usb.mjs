// The host's side of the USB serial port. The emulator's own host answers a read with nothing every 10 us, so that the
// chip never rests; here a read waits until there is something to send.

import { USBCDC } from 'rp2040js';

const PACKET_BYTES = 64;

/** onData(bytes): what the board prints. The board prints nothing before the host has sent its first byte. */
export class UsbSerial {
  constructor(mcu, onData) {
    this.controller = mcu.usbCtrl;
    this.waiting = [];
    this.room = 0;
    this.device = new USBCDC(mcu.usbCtrl);
    this.device.onSerialData = onData;
    this.controller.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.device.outEndpoint) return;
      this.room = size;
      this._pass();
    };
  }

  send(bytes) {
    for (const byte of bytes) this.waiting.push(byte);
    this._pass();
  }

  _pass() {
    if (!this.room || !this.waiting.length) return;
    const packet = Uint8Array.from(this.waiting.splice(0, Math.min(this.room, PACKET_BYTES)));
    this.room = 0;
    this.controller.endpointReadDone(this.device.outEndpoint, packet);
  }
}
