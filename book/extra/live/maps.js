"use strict";
/* One layer on the page: its maps as pictures, one unit of them chosen, squares outlined.

   A tile is one picture: a map, or a whole vector, or one output unit. */

const COLUMNS = { C5: () => 24, F6: (network) => (measuresDistance(network) ? 7 : 21) };

/* `choose(name, unit, how)` is called when a unit is pointed at ("point"), clicked or reached by key
   ("keep"), or let go ("leave"). */
function makeLayer(name, holder, choose) {
  const box = document.createElement("div");
  box.className = `live-maps live-maps-${name.toLowerCase()}`;
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", `Units of ${name}. The arrow keys move from unit to unit.`);
  const range = document.createElement("p");
  range.className = "live-small";
  holder.querySelector("p").after(box, range); // under the layer's name

  let tiles = [];
  let shape = null; // {maps, side, columns, count}: columns of a vector's picture, 0 for maps
  let chosen = { map: 0, row: 0, column: 0 };

  /* Make the tiles for one network; `units` is a state of this layer, for its shape. */
  function build(network, units) {
    const columns = COLUMNS[name]?.(network) ?? 0;
    shape = { maps: units.maps, side: units.side, columns };
    const middle = Math.floor(units.side / 2);
    chosen = { map: 0, row: middle, column: middle };
    box.replaceChildren();
    tiles = Array.from({ length: columns ? 1 : units.maps }, (_, map) => {
      const tile = box.appendChild(document.createElement("div"));
      tile.className = "live-tile";
      const frame = tile.appendChild(document.createElement("div"));
      frame.className = "live-frame";
      frame.appendChild(document.createElement("canvas")).dataset.map = map;
      if (!columns && units.maps > 1) {
        tile.appendChild(document.createElement("span")).textContent = map;
      }
      return tile;
    });
  }

  /* Draw the layer. `code` gives an output unit's picture, `words` what stands under it. */
  function draw(units, { code, words } = {}) {
    const [low, high] = name === "input" ? [BACKGROUND, FOREGROUND] : limits(units.values);
    tiles.forEach((tile, map) => {
      const canvas = tile.querySelector("canvas");
      const { side, columns } = shape;
      if (columns) paint(canvas, units.values, columns, low, high);
      else if (code) paint(canvas, code(map), 7, -1, 1);
      else paint(canvas, units.values.subarray(map * side ** 2, (map + 1) * side ** 2), side, low, high);
      if (words) tile.querySelector("span").innerHTML = words(map);
    });
    const digits = name === "input" ? 3 : 2;
    range.textContent = code ? "" : `White is ${written(low, digits)}, black ${written(high, digits)}.`;
  }

  function blank() {
    for (const canvas of box.querySelectorAll("canvas")) {
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    }
    if (name === "output") box.querySelectorAll("span").forEach((span, digit) => (span.textContent = digit));
    range.textContent = "";
  }

  /* Outline squares {map, row, column, side}; a vector that is read is read as a whole. */
  function outline(squares, look) {
    const { side, columns } = shape;
    const all = columns && squares.length > 1 ? [{ map: 0, whole: true }] : squares;
    for (const square of all) {
      const { tile, left, top, width, height } = where(square, side, columns);
      const mark = document.createElement("span");
      mark.className = `live-outline ${look}`;
      const percent = { left, top, width, height };
      for (const edge in percent) mark.style[edge] = `${100 * percent[edge]}%`;
      tile.querySelector(".live-frame").append(mark);
    }
  }

  function where({ map, row, column, side = 1, whole }, mapSide, columns) {
    if (whole) return { tile: tiles[0], left: 0, top: 0, width: 1, height: 1 };
    if (columns) {
      const [width, height] = [1 / columns, 1 / Math.ceil(shape.maps / columns)];
      const [left, top] = [(map % columns) * width, Math.floor(map / columns) * height];
      return { tile: tiles[0], left, top, width, height };
    }
    const width = side / mapSide;
    return { tile: tiles[map], left: column / mapSide, top: row / mapSide, width, height: width };
  }

  function clearOutlines() {
    for (const mark of box.querySelectorAll(".live-outline")) mark.remove();
  }

  function unitUnder(event) {
    const tile = event.target.closest(".live-tile");
    if (!tile) return null;
    const picture = tile.querySelector("canvas").getBoundingClientRect();
    const part = (x, start, length) => Math.min(Math.max((x - start) / length, 0), 0.999);
    const x = part(event.clientX, picture.left, picture.width);
    const y = part(event.clientY, picture.top, picture.height);
    const { side, columns, maps } = shape;
    if (!columns) {
      return { map: tiles.indexOf(tile), row: Math.floor(y * side), column: Math.floor(x * side) };
    }
    const map = Math.floor(y * Math.ceil(maps / columns)) * columns + Math.floor(x * columns);
    return { map, row: 0, column: 0 };
  }

  function select(unit, how) {
    if (!unit) return;
    chosen = unit;
    choose(name, unit, how);
  }

  box.addEventListener("pointermove", (event) => select(unitUnder(event), "point"));
  box.addEventListener("pointerdown", () => choose(name, chosen, "leave")); // a finger may now slide
  box.addEventListener("click", (event) => select(unitUnder(event), "keep"));
  box.addEventListener("focus", () => {
    if (box.matches(":focus-visible")) select(chosen, "keep");
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(name, chosen, "leave");
    else if (event.key in UNIT_KEYS) select(neighbour(chosen, event.key, shape), "keep");
    else return;
    event.preventDefault();
  });

  return { name, holder, build, draw, blank, outline, clearOutlines };
}

const UNIT_KEYS = {
  ArrowLeft: { column: -1 },
  ArrowRight: { column: 1 },
  ArrowUp: { row: -1 },
  ArrowDown: { row: 1 },
  PageUp: { map: -1 },
  PageDown: { map: 1 },
};

/* The unit that a key leads to; at an edge it is the same unit. */
function neighbour(unit, key, { maps, side, columns }) {
  const { map = 0, row = 0, column = 0 } = UNIT_KEYS[key];
  const within = (x, length) => x >= 0 && x < length;
  const isVector = side === 1;
  const next = isVector
    ? { map: unit.map + map + column + row * (columns || 5), row: 0, column: 0 }
    : { map: unit.map + map, row: unit.row + row, column: unit.column + column };
  const exists = within(next.map, maps) && within(next.row, side) && within(next.column, side);
  return exists ? next : unit;
}

/* The numbers drawn white and black: as far below 0 as above. */
function limits(values) {
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0.01);
  return [-largest, largest];
}

/* Paint numbers, `columns` in a row: the larger, the darker, as ink on paper. */
function paint(canvas, values, columns, low, high) {
  const rows = Math.ceil(values.length / columns);
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const picture = new ImageData(columns, rows);
  values.forEach((value, i) => {
    const grey = 255 * (1 - (value - low) / (high - low));
    picture.data.set([grey, grey, grey, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function written(x, digits = 2) {
  return x.toFixed(digits).replace("-", "−").replace(/^−(0\.?0*)$/, "$1");
}
