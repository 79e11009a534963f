"use strict";
/* A person's own picture: from a PNG or JPEG to ink on paper, as lenet/images.py does it. */

const LARGEST_SIDE = 256; // pixels; more than 28x28 can show
const MOST_PIXELS = 60e6; // of a picture that a browser opens without trouble
const FAINTEST = 0.1; // contrast of ink to paper, as a part of black to white; less is blank

/* The ink in a file, as a grid from 0 to 1. Throws an Error whose message is for the reader. */
async function readPicture(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const [a, b, c, d] = start;
  const isPNG = a === 0x89 && b === 0x50 && c === 0x4e && d === 0x47;
  const isJPEG = a === 0xff && b === 0xd8 && c === 0xff;
  if (!isPNG && !isJPEG) {
    throw new Error(`${file.name} is not a PNG or JPEG picture. Drop in one that shows a digit.`);
  }
  const image = await loadImage(file);
  if (image.naturalWidth * image.naturalHeight > MOST_PIXELS) {
    throw new Error(`${file.name} has too many pixels. Make it smaller first.`);
  }
  const ink = findInk(greyOnPaper(pixelsOf(image)));
  if (!ink) {
    throw new Error(`${file.name} shows nothing. One digit should stand out from its page.`);
  }
  return ink;
}

function loadImage(file) {
  const image = new Image();
  const address = URL.createObjectURL(file);
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error(`${file.name} is damaged: it could not be read.`));
    image.src = address;
  }).finally(() => URL.revokeObjectURL(address));
}

function pixelsOf(image) {
  const { naturalWidth, naturalHeight } = image;
  const ratio = Math.min(1, LARGEST_SIDE / Math.max(naturalWidth, naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(naturalWidth * ratio));
  canvas.height = Math.max(1, Math.round(naturalHeight * ratio));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/* Grey, 0 black to 1 white; where the picture is transparent, the paper shows through. */
function greyOnPaper({ width, height, data }) {
  const greys = new Float32Array(width * height);
  const alphas = new Float32Array(width * height);
  for (let i = 0; i < greys.length; i++) {
    const [red, green, blue, alpha] = data.subarray(4 * i, 4 * i + 4);
    greys[i] = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
    alphas[i] = alpha / 255;
  }
  if (median(alphas) < 0.5) return { height, width, values: alphas }; // what is seen is the ink
  const paper = median(greys.filter((_, i) => alphas[i] > 0.5));
  const values = greys.map((grey, i) => alphas[i] * grey + (1 - alphas[i]) * paper);
  return { height, width, values };
}

/* Tell ink from paper: a grid from 0 to 1, or null when there is no ink. */
function findInk(grey) {
  const paper = findPaper(grey);
  let difference = grey.values.map((x, i) => x - paper(i));
  const noise = median(difference.map(Math.abs));
  const side = Math.sign(difference.reduce((sum, x) => sum + x ** 3, 0)); // darker or lighter
  difference = difference.map((x) => side * x);
  let threshold = difference.reduce((a, b) => Math.max(a, b)) / 2;
  let ink;
  for (let turn = 0; turn < 10; turn++) { // to the middle between the two means
    ink = difference.filter((x) => x > threshold);
    if (ink.length === 0) return null;
    threshold = (average(ink) + average(difference.filter((x) => x <= threshold))) / 2;
  }
  const contrast = median(ink);
  if (contrast < FAINTEST) return null;
  const grain = Math.min(Math.max(8 * noise, contrast / 4), contrast / 2);
  const clean = (x) => (x < grain ? 0 : Math.min(x / contrast, 1));
  return { ...grey, values: difference.map(clean) };
}

/* The paper's brightness at pixel i. Where most pixels agree, theirs. Else the light is uneven: a
   quadratic in x and y, fitted to the rim by least absolute differences. */
function findPaper({ height, width, values }) {
  const typical = median(values);
  if (median(values.map((x) => Math.abs(x - typical))) < 0.01) return () => typical;
  const position = (i, length) => (length > 1 ? (2 * i) / (length - 1) - 1 : -1);
  const termsAt = (i) => {
    const [x, y] = [position(i % width, width), position(Math.floor(i / width), height)];
    return [1, x, y, x * x, x * y, y * y];
  };
  const isRim = ([, x, y]) => Math.max(Math.abs(x), Math.abs(y)) >= 0.96;
  const rim = Array.from(values, (value, i) => ({ value, terms: termsAt(i), weight: 1 })).filter(
    ({ terms }) => isRim(terms),
  );
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  let coefficients;
  for (let turn = 0; turn < 20; turn++) { // least squares, weighted by 1 / the difference so far
    coefficients = leastSquares(rim);
    for (const point of rim) {
      point.weight = 1 / (Math.abs(point.value - dot(point.terms, coefficients)) + 0.005);
    }
  }
  return (i) => dot(termsAt(i), coefficients);
}

/* The coefficients of the weighted least squares, by Gauss-Jordan on the normal equations. */
function leastSquares(points) {
  const n = points[0].terms.length;
  const rows = Array.from({ length: n }, (_, i) => {
    const row = new Array(n + 1).fill(0);
    for (const { value, terms, weight } of points) {
      for (let j = 0; j < n; j++) row[j] += weight * terms[i] * terms[j];
      row[n] += weight * terms[i] * value;
    }
    row[i] += 1e-9; // a picture of one row does not say how the light changes downwards
    return row;
  });
  for (let i = 0; i < n; i++) {
    for (let other = 0; other < n; other++) {
      if (other === i) continue;
      const times = rows[other][i] / rows[i][i];
      for (let j = i; j <= n; j++) rows[other][j] -= times * rows[i][j];
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}

function median(values) {
  const sorted = Float32Array.from(values).sort();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function average(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
