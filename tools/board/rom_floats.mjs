// Arithmetic of the boot ROM's float and double libraries (RP2040 data sheet 2.8.3.2): round to nearest even, no
// denormals, conversions to integers round towards minus infinity and saturate. Cycles are the data sheet's.
// Entries without a function are those that the firmware under test has never called: the ROM names them when it does.

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
const double = new Float64Array(1);
const doubleBits = new Uint32Array(double.buffer);

function flushed(bits) {
  return ((bits & 0x7f800000) === 0 ? bits & 0x80000000 : bits) >>> 0;
}

function toFloat(bits) {
  singleBits[0] = flushed(bits);
  return single[0];
}

function fromFloat(value) {
  single[0] = value;
  return flushed(singleBits[0]);
}

function toDouble(low, high) {
  doubleBits[0] = low;
  doubleBits[1] = high;
  return double[0];
}

function putDouble(r, value) {
  double[0] = value;
  r[0] = doubleBits[0];
  r[1] = doubleBits[1];
}

function saturated(value, low, high) {
  if (Number.isNaN(value)) return 0;
  return Math.min(high, Math.max(low, Math.floor(value))) >>> 0;
}

function onFloats(operation) {
  return (r) => {
    r[0] = fromFloat(operation(toFloat(r[0]), toFloat(r[1])));
  };
}

// [name, cycles, function of the registers] in the order of the ROM's table; the table's size is its format.
export const SINGLE = [
  ['fadd', 71, onFloats((a, b) => a + b)],
  ['fsub', 74, onFloats((a, b) => a - b)],
  ['fmul', 69, onFloats((a, b) => a * b)],
  ['fdiv', 71, onFloats((a, b) => a / b)],
  ['fcmp'], ['fcmp_flags'], ['fsqrt'], ['f2i'], ['f2fix'],
  ['f2u', 38, (r) => { r[0] = saturated(toFloat(r[0]), 0, 0xffffffff); }],
  ['f2ufix'], ['i2f'], ['fix2f'], ['u2f'], ['ufix2f'], ['fcos'], ['fsin'], ['ftan'], ['fsincos'], ['fexp'], ['fln'],
  ['fcmp_fast'], ['fatan2'], ['i642f'], ['fix642f'], ['u642f'], ['ufix642f'], ['f2i64'], ['f2fix64'], ['f2u64'],
  ['f2ufix64'],
  ['f2d', 20, (r) => putDouble(r, toFloat(r[0]))],
];

export const DOUBLE = [
  ['dadd'], ['dsub'], ['dmul'], ['ddiv'], ['dcmp'], ['dcmp_flags'], ['dsqrt'], ['d2i'], ['d2fix'], ['d2u'], ['d2ufix'],
  ['i2d'], ['fix2d'], ['u2d'], ['ufix2d'], ['dcos'], ['dsin'], ['dtan'], ['dsincos'], ['dexp'], ['dln'],
  ['dcmp_fast'], ['datan2'], ['i642d'], ['fix642d'], ['u642d'], ['ufix642d'], ['d2i64'], ['d2fix64'], ['d2u64'],
  ['d2ufix64'],
  ['d2f', 23, (r) => { r[0] = fromFloat(toDouble(r[0], r[1])); }],
];
