"use strict";
/* The page: what is drawn goes through the steps and the network, and every picture follows. */

const part = (id) => document.getElementById(`live-${id}`);

const shown = {
  network: "lenet5-1998",
  source: null, // {ink}, a grid from 0 to 1, and the test digit if it is one; null when the pad is empty
  states: null, // every layer's maps, or null when nothing is drawn
  unit: { name: "C1", unit: { map: 0, row: 14, column: 14 } }, // the one taken apart
  kept: false, // is it to stay when the pointer moves on?
  milliseconds: [], // of the last forward passes
};

const layers = ["input", ...LAYERS].map((name) => makeLayer(name, part(name.toLowerCase()), choose));
const details = makeDetails(part("details"));
const pen = makePad(part("pad"), part("pen"), drawn, say);

/* From the source to every picture. */
function update() {
  const { source, network } = shown;
  const steps = source ? normalise(source.ink) : [];
  const image = source?.digit ? digitImage(source.digit) : steps[2];
  drawSteps(steps, image);
  if (image) {
    const disturbed = disturb(pad(image), sliders());
    paint(part("step-3"), disturbed.values, 32, 0, 255);
    shown.states = timed(() => forward(network, scale(disturbed)));
  } else {
    paint(part("step-3"), new Float32Array(32 * 32), 32, 0, 255);
    shown.states = null;
  }
  for (const layer of layers) {
    if (shown.states) layer.draw(shown.states[layer.name], layer.name === "output" ? outputTiles() : {});
    else layer.blank();
  }
  drawAnswer();
  drawUnit();
}

/* At most once a frame, however fast the pointer is. */
let waiting = false;
function updateSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    update();
  });
}

function timed(pass) {
  const start = performance.now();
  const states = pass();
  shown.milliseconds = [performance.now() - start, ...shown.milliseconds.slice(0, 19)];
  return states;
}

function digitImage({ base64 }) {
  return { height: 28, width: 28, values: Float32Array.from(bytesOf(base64)) };
}

/* The drawing and its steps */

function drawn() {
  message("");
  const ink = pen.ink();
  shown.source = ink && { ink };
  updateSoon();
}

function drawSteps(steps, image) {
  const blank = grid(28, 28);
  const small = steps[1] && setInto(grid(20, 20), steps[1], ...middleOf(steps[1], 20));
  [steps[0], small, image].forEach((step, i) => {
    const { values, width } = step ?? blank;
    paint(part(`step-${i}`), values, width, 0, 255);
  });
  part("steps-note").hidden = !shown.source?.digit;
}

function middleOf({ height, width }, side) {
  return [Math.floor((side - height) / 2), Math.floor((side - width) / 2)];
}

async function openPicture(file) {
  if (!file) return message("That was no file. Drop in a PNG or JPEG picture of a digit.");
  try {
    const ink = await readPicture(file);
    pen.show(ink);
    shown.source = { ink };
    message("");
    update();
  } catch (problem) {
    message(problem.message);
  }
}

function message(text) {
  part("message").textContent = text;
}

function sliders() {
  return Object.fromEntries([...part("sliders").querySelectorAll("input")].map((i) => [i.name, +i.value]));
}

function writeSliders() {
  for (const input of part("sliders").querySelectorAll("input")) {
    const { unit } = input.dataset;
    const value = unit === "%" ? Math.round(100 * input.value) : input.value;
    const text = `${String(value).replace("-", "−")} ${unit}`;
    input.previousElementSibling.textContent = text;
    input.setAttribute("aria-valuetext", text);
  }
}

/* The answer */

function drawAnswer() {
  const { states, network } = shown;
  const picture = part("answer-picture");
  part("digit").textContent = states ? ranking(network, states.output)[0] : "–";
  part("sentence").textContent = states ? sentence() : "The pad is empty. Draw a digit, or pick one below it.";
  part("scores").innerHTML = scoreTable();
  part("time").textContent = states
    ? `One forward pass takes ${written(typical(shown.milliseconds), 1)} ms here, the median of 20.`
    : "";
  if (states) paint(picture, states.input.values, 32, BACKGROUND, FOREGROUND);
  else paint(picture, new Float32Array(32 * 32), 32, 0, 1);
  saySoon(part("sentence").textContent);
}

function sentence() {
  const { states, network, source } = shown;
  const [first, second] = ranking(network, states.output);
  const sure = measuresDistance(network)
    ? `at distance ${score(first)} from its code, the nearest of ten. Next is ${second}, at ${score(second)}`
    : `with a probability of ${score(first)}. Next is ${second}, with ${score(second)}`;
  const truth = source.digit ? ` The label says ${source.digit.label}.` : "";
  return `It reads ${first}, ${sure}.${truth}`;
}

function score(digit) {
  const { states, network } = shown;
  if (measuresDistance(network)) return written(states.output.values[digit], 1);
  return `${written(100 * softmax(states.output.values)[digit], 1)} %`;
}

function scoreTable() {
  const { states, network } = shown;
  const isDistance = measuresDistance(network);
  const values = states && (isDistance ? states.output.values : softmax(states.output.values));
  const full = states && isDistance ? Math.max(...values) : 1;
  const best = states && ranking(network, states.output)[0];
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const width = states ? (100 * values[digit]) / full : 0;
    const mark = digit === best ? (isDistance ? "◀ smallest" : "◀ largest") : "";
    return `<tr${mark && ' class="live-best"'}><th scope="row">${digit}</th>
      <td class="live-bar"><span style="width: ${width}%"></span></td>
      <td>${states ? score(digit) : ""}</td><td class="live-mark">${mark}</td></tr>`;
  });
  const caption = isDistance ? "Squared distance to each digit’s code" : "Probability of each digit";
  return `<caption>${caption}</caption><tbody>${rows.join("")}</tbody>`;
}

function typical(times) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/* What an output unit shows: the code that it compares F6 with, or nothing but its score. */
function outputTiles() {
  const { network, states } = shown;
  const best = ranking(network, states.output)[0];
  const words = (digit) => {
    const text = `${digit}<br>${measuresDistance(network) ? score(digit) : written(states.output.values[digit], 1)}`;
    return digit === best ? `<strong>${text}</strong>` : text;
  };
  if (!measuresDistance(network)) return { words };
  const { codes } = weightsOf(network, "output");
  return { words, code: (digit) => codes.values.subarray(digit * 84, (digit + 1) * 84) };
}

/* For screen readers: what is said once the page has been still for a moment. */
let speaking;
function saySoon(text) {
  clearTimeout(speaking);
  speaking = setTimeout(() => say(text), 700);
}

function say(text) {
  part("said").textContent = text;
}

/* The unit that is taken apart */

function choose(name, unit, how) {
  if (how === "leave") shown.kept = false;
  if (how === "leave" || (how === "point" && shown.kept)) return drawUnit();
  const isSame = JSON.stringify(shown.unit) === JSON.stringify({ name, unit });
  if (how === "point" && isSame) return;
  shown.kept = how === "keep";
  shown.unit = { name, unit };
  drawUnit();
}

function drawUnit() {
  const { states, network, kept } = shown;
  const { name, unit } = shown.unit;
  for (const layer of layers) layer.clearOutlines();
  part("details").classList.toggle("live-kept", kept);
  drawTable(name === "C3" ? unit.map : null);
  if (!states) return details.showNothing("Draw a digit, and point at any unit: here it is taken apart.");
  const layerOf = (name) => layers.find((layer) => layer.name === name);
  const { holder, outline } = layerOf(name);
  const chapter = holder.querySelector("a");
  outline([{ ...unit }], "live-chosen");
  if (name === "input") {
    details.showPixel(unit, states.input.values[place(states.input, 0, unit.row, unit.column)], chapter);
    return;
  }
  const explained = explain(network, states, name, unit);
  details.show(explained, network, states, chapter);
  layerOf(explained.below).outline(explained.inputs, "live-read");
  if (explained.below !== "input") layerOf("input").outline([{ map: 0, ...fieldOf(name, unit) }], "live-read");
  if (kept) saySoon(`${nameOf(explained, states)}: ${written(explained.result)}`);
}

/* Table I: which maps of S2 each map of C3 reads, `chosen` in a frame. */
function drawTable(chosen) {
  const { reads } = WEIGHTS[shown.network].C3;
  const frame = (map) => (map === chosen ? ' class="live-column"' : "");
  const heads = reads.map((_, map) => `<th scope="col"${frame(map)}>${map}</th>`).join("");
  const rows = Array.from({ length: 6 }, (_, input) => {
    const cells = reads.map((inputs, map) => `<td${frame(map)}>${inputs.includes(input) ? "X" : ""}</td>`);
    return `<tr><th scope="row">${input}</th>${cells.join("")}</tr>`;
  });
  const kernels = reads.flat().length;
  const title = measuresDistance(shown.network) ? "Table I of the paper" : "The summary’s C3 reads all maps";
  part("table").innerHTML = `<caption>${title}: ${kernels} kernels. Rows: maps of S2. Columns: maps of C3.</caption>
    <thead><tr><td></td>${heads}</tr></thead><tbody>${rows.join("")}</tbody>`;
  part("table-note").textContent =
    chosen === null ? "" : `Map ${chosen} of C3 reads maps ${reads[chosen].join(", ")} of S2.`;
}

/* What the reader does */

function pick(digit) {
  const ink = mapped(digitImage(digit), (x) => x / 255);
  shown.source = { ink, digit };
  pen.show(ink);
  message("");
}

function switchNetwork(network) {
  shown.network = network;
  shown.milliseconds = [];
  const blank = forward(network, blankMaps(1, 32));
  for (const layer of layers) layer.build(network, blank[layer.name]);
  for (let pass = 0; pass < 20; pass++) timed(() => forward(network, blank.input)); // the browser warms up
  update();
}

function addSamples() {
  for (const digit of DIGITS) {
    const button = part("samples").appendChild(document.createElement("button"));
    button.type = "button";
    const small = digit.paper === undefined ? "" : `read ${digit.paper}`;
    const label = `Test image ${digit.index}, a ${digit.label}`;
    button.setAttribute("aria-label", small ? `${label}, which the paper’s network ${small}` : label);
    button.title = `test image ${digit.index}`;
    const canvas = button.appendChild(document.createElement("canvas"));
    paint(canvas, digitImage(digit).values, 28, 0, 255);
    button.appendChild(document.createElement("span")).textContent = `${digit.label}${small && `, ${small}`}`;
    button.addEventListener("click", () => {
      pick(digit);
      update();
    });
  }
}

function listen() {
  part("clear").addEventListener("click", pen.clear);
  part("file").addEventListener("change", ({ target }) => {
    openPicture(target.files[0]);
    target.value = ""; // the same file may be opened again
  });
  addEventListener("dragover", (event) => event.preventDefault()); // else the browser leaves the page
  addEventListener("drop", (event) => {
    event.preventDefault();
    openPicture(event.dataTransfer.files[0]);
  });
  part("sliders").addEventListener("input", () => {
    writeSliders();
    updateSoon();
  });
  part("sliders").addEventListener("submit", (event) => event.preventDefault()); // Enter would reload
  part("sliders").addEventListener("reset", () => setTimeout(() => part("sliders").dispatchEvent(new Event("input"))));
  for (const radio of document.getElementsByName("live-network")) {
    radio.addEventListener("change", () => switchNetwork(radio.value));
  }
}

addSamples();
listen();
writeSliders();
pick(DIGITS[7]);
switchNetwork(document.querySelector("[name=live-network]:checked").value);
