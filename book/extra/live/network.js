"use strict";
/* The two networks of this book, as lenet/networks.py and lenet/layers.py have them.

   Maps are {maps, side, values}: so many square maps, row by row, in one Float32Array. A vector is
   maps of side 1. Each layer takes the maps below and its own weights, and returns the maps above. */

const AMPLITUDE = 1.7159; // A of appendix A: f(1) = 1 and f(-1) = -1
const SLOPE = 2 / 3; // S of appendix A

const LAYERS = ["C1", "S2", "C3", "S4", "C5", "F6", "output"];

const NETWORKS = {
  lenet5: {
    C1: { sum: convolution }, //                  6 x 28 x 28
    S2: { sum: mean, squashed: true }, //         6 x 14 x 14
    C3: { sum: convolution }, //                 16 x 10 x 10
    S4: { sum: mean, squashed: true }, //        16 x 5 x 5
    C5: { sum: convolution, squashed: true }, // 120
    F6: { sum: dense, squashed: true }, //        84
    output: { sum: dense }, //                    10 logits
  },
  "lenet5-1998": {
    C1: { sum: convolution, squashed: true },
    S2: { sum: subsampling, squashed: true },
    C3: { sum: convolution, squashed: true },
    S4: { sum: subsampling, squashed: true },
    C5: { sum: convolution, squashed: true },
    F6: { sum: dense, squashed: true },
    output: { sum: distances }, //                10 squared distances
  },
};

/* The maps of every layer for one image, (1, 32, 32), by the layer's name. */
function forward(network, image) {
  const states = { input: image };
  let x = image;
  for (const name of LAYERS) {
    const layer = NETWORKS[network][name];
    x = layer.sum(x, weightsOf(network, name));
    if (layer.squashed) x = squash(x);
    states[name] = x;
  }
  return states;
}

/* Each map adds up what its kernels find in the maps it reads. C3 reads by Table I. */
function convolution(x, { weight, bias, reads }) {
  const k = weight.shape.at(-1);
  const y = blankMaps(reads.length, x.side - k + 1);
  let kernel = 0; // the map's first one: kernels stand in the order in which maps are read
  for (let map = 0; map < y.maps; map++) {
    for (let row = 0; row < y.side; row++) {
      for (let column = 0; column < y.side; column++) {
        let sum = bias.values[map];
        for (let n = 0; n < reads[map].length; n++) {
          let w = (kernel + n) * k * k;
          for (let i = 0; i < k; i++) {
            let below = place(x, reads[map][n], row + i, column);
            for (let j = 0; j < k; j++) sum += weight.values[w++] * x.values[below++];
          }
        }
        y.values[place(y, map, row, column)] = sum;
      }
    }
    kernel += reads[map].length;
  }
  return y;
}

/* The sum of each block of 2x2. */
function blockSums(x) {
  const y = blankMaps(x.maps, x.side / 2);
  for (let map = 0; map < y.maps; map++) {
    for (let row = 0; row < y.side; row++) {
      for (let column = 0; column < y.side; column++) {
        const above = place(x, map, 2 * row, 2 * column);
        const below = above + x.side;
        y.values[place(y, map, row, column)] =
          x.values[above] + x.values[above + 1] + x.values[below] + x.values[below + 1];
      }
    }
  }
  return y;
}

/* The pooling of the summary's network. */
function mean(x) {
  const y = blockSums(x);
  return { ...y, values: y.values.map((sum) => sum / 4) };
}

/* The paper's: a coefficient and a bias a map, on the sum (section II-B) or the mean (II-A). */
function subsampling(x, weights) {
  const { coefficient, bias } = weights;
  const y = weights.mean ? mean(x) : blockSums(x);
  const mapOf = (unit) => Math.floor(unit / y.side ** 2);
  const values = y.values.map(
    (pooled, unit) => coefficient.values[mapOf(unit)] * pooled + bias.values[mapOf(unit)],
  );
  return { ...y, values };
}

function dense(x, { weight, bias }) {
  const y = blankMaps(bias.values.length, 1);
  for (let unit = 0; unit < y.maps; unit++) {
    let sum = bias.values[unit];
    for (let i = 0; i < x.maps; i++) sum += weight.values[unit * x.maps + i] * x.values[i];
    y.values[unit] = sum;
  }
  return y;
}

/* The squared distance to each of the ten codes, eq. 7. */
function distances(x, { codes }) {
  const y = blankMaps(codes.shape[0], 1);
  for (let digit = 0; digit < y.maps; digit++) {
    let sum = 0;
    for (let i = 0; i < x.maps; i++) sum += (x.values[i] - codes.values[digit * x.maps + i]) ** 2;
    y.values[digit] = sum;
  }
  return y;
}

function squash(x) {
  return { ...x, values: x.values.map(squashed) };
}

function squashed(a) {
  return AMPLITUDE * Math.tanh(SLOPE * a);
}

/* The largest logit wins, the smallest distance: the ten digits, the answer first. */
function ranking(network, output) {
  const sign = measuresDistance(network) ? 1 : -1;
  const digits = [...output.values.keys()];
  return digits.sort((a, b) => sign * (output.values[a] - output.values[b]));
}

function measuresDistance(network) {
  return NETWORKS[network].output.sum === distances;
}

function softmax(logits) {
  const largest = Math.max(...logits); // taken off, so that no exponential overflows
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function blankMaps(maps, side) {
  return { maps, side, values: new Float32Array(maps * side * side) };
}

function place(x, map, row, column) {
  return (map * x.side + row) * x.side + column;
}

/* The weights of a layer, unpacked from data.js when they are first needed. */
function weightsOf(network, name) {
  const weights = WEIGHTS[network][name] ?? {};
  for (const tensor of Object.values(weights)) {
    if (tensor.base64 && !tensor.values) {
      tensor.values = new Float32Array(bytesOf(tensor.base64).buffer);
    }
  }
  return weights;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
