"use strict";
/* A drawing brought into the form of MNIST, as lenet/images.py does it, and on to the network.

   ink -> crop -> fit -> centre -> 28x28 -> disturb -> 32x32, -0.1 to 1.175

   Grids are {height, width, values}, row by row. Ink runs from 0, paper, to 1. */

const BACKGROUND = -0.1; // section II-B
const FOREGROUND = 1.175;

/* Every step from ink (not all 0) to 28x28, each as a grid from 0 to 255. */
function normalise(ink) {
  const cropped = crop(ink);
  const fitted = fit(cropped);
  const centred = centre(fitted);
  return [cropped, fitted, centred].map((grid) => mapped(grid, (x) => Math.round(255 * x)));
}

/* Cut away the empty rows and columns around the ink. */
function crop({ height, width, values }) {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (values[row * width + column] === 0) continue;
      top = Math.min(top, row);
      left = Math.min(left, column);
      bottom = Math.max(bottom, row);
      right = Math.max(right, column);
    }
  }
  const box = grid(bottom - top + 1, right - left + 1);
  return mapped(box, (_, row, column) => values[(top + row) * width + left + column]);
}

/* Scale the longer side to 20 pixels; the aspect is kept. */
function fit(ink, side = 20) {
  const longer = Math.max(ink.height, ink.width);
  const scaled = (length) => Math.max(1, Math.round((length * side) / longer));
  const narrow = transposed(resizeRows(ink, scaled(ink.width)));
  const small = transposed(resizeRows(narrow, scaled(ink.height)));
  const darkest = small.values.reduce((a, b) => Math.max(a, b));
  return mapped(small, (x) => Math.min(Math.max(x / darkest, 0), 1)); // thin strokes fade
}

/* Each row to a new width. A pixel is a mean of the old ones under it, weighted by Hamming's window
   (anti-aliasing), as Pillow has it. */
function resizeRows(ink, width) {
  const ratio = ink.width / width;
  const reach = Math.max(ratio, 1);
  const resized = grid(ink.height, width);
  for (let column = 0; column < width; column++) {
    const middle = (column + 0.5) * ratio;
    const first = Math.max(Math.trunc(middle - reach + 0.5), 0);
    const end = Math.min(Math.trunc(middle + reach + 0.5), ink.width);
    const weights = [];
    for (let x = first; x < end; x++) weights.push(hamming((x - middle + 0.5) / reach));
    const total = weights.reduce((a, b) => a + b);
    for (let row = 0; row < ink.height; row++) {
      let sum = 0;
      for (let x = first; x < end; x++) sum += weights[x - first] * ink.values[row * ink.width + x];
      resized.values[row * width + column] = sum / total;
    }
  }
  return resized;
}

function hamming(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= 1) return 0;
  return (Math.sin(Math.PI * x) / (Math.PI * x)) * (0.54 + 0.46 * Math.cos(Math.PI * x));
}

/* Set the ink into 28x28, its centre of mass at pixel (14, 14): moved by whole pixels. */
function centre(ink, side = 28) {
  const mass = massCentre(ink);
  const corner = (middle, length) =>
    Math.min(Math.max(Math.round(side / 2 - middle), 0), side - length);
  const top = corner(mass.row, ink.height);
  const left = corner(mass.column, ink.width);
  return setInto(grid(side, side), ink, top, left);
}

function massCentre({ width, values }) {
  let [ink, rows, columns] = [0, 0, 0];
  values.forEach((value, i) => {
    ink += value;
    rows += value * Math.floor(i / width);
    columns += value * (i % width);
  });
  return { row: rows / ink, column: columns / ink };
}

/* 28x28, 0 to 255, with two pixels of background on every side. */
function pad(image) {
  return setInto(grid(32, 32), image, 2, 2);
}

/* Shift, scale and turn a 32x32 image about pixel (16, 16), then invert some of its pixels. */
function disturb(image, { right, down, size, turn, noise }) {
  const angle = (turn * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) / size, Math.sin(angle) / size];
  const moved = mapped(image, (_, row, column) => {
    const [y, x] = [row - 16 - down, column - 16 - right]; // where did this pixel come from?
    return between(image, 16 + cos * y - sin * x, 16 + sin * y + cos * x);
  });
  return mapped(moved, (x, row, column) => (CHANCES[row * 32 + column] < noise ? 255 - x : x));
}

/* A number for each pixel, always the same: more noise inverts the same pixels, and others. */
const CHANCES = Array.from({ length: 32 * 32 }, (_, i) => {
  let x = Math.imul(i + 1, 0x9e3779b1); // a hash of the pixel's number
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
});

/* The value between four pixels, each weighted by its nearness; outside the image it is 0. */
function between({ height, width, values }, y, x) {
  const [row, column] = [Math.floor(y), Math.floor(x)];
  let sum = 0;
  for (const i of [row, row + 1]) {
    for (const j of [column, column + 1]) {
      const inside = i >= 0 && i < height && j >= 0 && j < width;
      if (inside) sum += (1 - Math.abs(y - i)) * (1 - Math.abs(x - j)) * values[i * width + j];
    }
  }
  return sum;
}

/* 0..255 to what the network takes: maps of its own, background -0.1, foreground 1.175. */
function scale(image) {
  const scaled = mapped(image, (x) => BACKGROUND + ((FOREGROUND - BACKGROUND) * x) / 255);
  return { maps: 1, side: image.width, values: scaled.values };
}

function grid(height, width) {
  return { height, width, values: new Float32Array(height * width) };
}

function mapped({ height, width, values }, change) {
  const changed = values.map((x, i) => change(x, Math.floor(i / width), i % width));
  return { height, width, values: changed };
}

function transposed({ height, width, values }) {
  return mapped(grid(width, height), (_, row, column) => values[column * width + row]);
}

function setInto(field, ink, top, left) {
  for (let row = 0; row < ink.height; row++) {
    const line = ink.values.subarray(row * ink.width, (row + 1) * ink.width);
    field.values.set(line, (top + row) * field.width + left);
  }
  return field;
}
