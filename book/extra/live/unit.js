"use strict";
/* One unit taken apart: what it reads, where, with which weights, and what comes of it. */

/* Everything that the unit (map, row, column) of a layer computes. `inputs` are the squares of the
   layer below that it reads, each with the numbers there, the weights (none where a layer pools),
   and `part`, what the square adds to the sum. */
function explain(network, states, name, { map, row, column }) {
  const { sum: rule, squashed: hasSquash } = NETWORKS[network][name];
  const weights = weightsOf(network, name);
  const below = LAYERS[LAYERS.indexOf(name) - 1] ?? "input";
  const inputs = readSquares(rule, weights, states[below], map, row, column);
  for (const input of inputs) {
    input.numbers = numbersIn(states[below], input);
    input.part = partOf(rule, input, weights);
  }
  const total = inputs.reduce((sum, input) => sum + input.part, 0);
  const bias = weights.bias?.values[map] ?? 0;
  const coefficient = weights.coefficient?.values[map] ?? 1;
  const sum = coefficient * total + bias;
  const result = hasSquash ? squashed(sum) : sum;
  return { name, below, map, row, column, rule, inputs, total, coefficient, bias, sum, result };
}

function readSquares(rule, weights, x, map, row, column) {
  if (rule === convolution) {
    const k = weights.weight.shape.at(-1);
    const first = weights.reads.slice(0, map).flat().length;
    return weights.reads[map].map((input, n) => ({
      map: input,
      row,
      column,
      side: k,
      weights: weights.weight.values.subarray((first + n) * k * k, (first + n + 1) * k * k),
    }));
  }
  if (rule === mean || rule === subsampling) {
    return [{ map, row: 2 * row, column: 2 * column, side: 2 }];
  }
  const { values } = weights.weight ?? weights.codes; // dense, or distances
  return Array.from({ length: x.maps }, (_, i) => ({
    map: i,
    row: 0,
    column: 0,
    side: 1,
    weights: values.subarray(map * x.maps + i, map * x.maps + i + 1),
  }));
}

function numbersIn(x, { map, row, column, side }) {
  const numbers = [];
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) numbers.push(x.values[place(x, map, row + i, column + j)]);
  }
  return numbers;
}

function partOf(rule, { numbers, weights }, layer) {
  const add = (terms) => terms.reduce((a, b) => a + b, 0);
  if (rule === distances) return add(numbers.map((x, i) => (x - weights[i]) ** 2));
  if (weights) return add(numbers.map((x, i) => x * weights[i]));
  return rule === mean || layer.mean ? add(numbers) / 4 : add(numbers);
}

/* The square of the input that a unit depends on: its first row and column, and its side. */
function fieldOf(name, { row, column }) {
  let side = 1; // a pixel sees itself,
  let apart = 1; // and pixels lie one apart
  for (const layer of LAYERS.slice(0, LAYERS.indexOf(name) + 1)) {
    const [kernel, stride] = WINDOWS[layer] ?? [1, 1];
    side += (kernel - 1) * apart;
    apart *= stride;
  }
  return { row: row * apart, column: column * apart, side };
}

const WINDOWS = { C1: [5, 1], S2: [2, 2], C3: [5, 1], S4: [2, 2], C5: [5, 1] };
