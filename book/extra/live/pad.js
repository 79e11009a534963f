"use strict";
/* The pad: ink under the mouse, the finger, the pen, or the arrow keys. */

const PEN_WIDTH = 24; // of 280: as thick as MNIST's strokes, in a digit that fills the pad
const PEN_STEP = 14; // a key moves the pen by a twentieth of the pad
const PEN_KEYS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

/* Ink is the canvas's opacity. `changed` is called after every stroke, `say` tells the keyboard's
   pen in words; `cross` marks where it is. The first stroke clears a digit or picture that is shown:
   drawn over a 7, a 5 is read as a 9. */
function makePad(canvas, cross, changed, say) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineWidth: PEN_WIDTH, lineCap: "round", lineJoin: "round" });
  const side = canvas.width;
  const pen = { x: side / 2, y: side / 4, isDown: false };
  let isShowing = false; // what is on the pad was not drawn there

  function stroke(from, to) {
    if (isShowing) wipe();
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  }

  function pointAt(event) {
    const box = canvas.getBoundingClientRect();
    const ratio = side / box.width;
    return { x: (event.clientX - box.left) * ratio, y: (event.clientY - box.top) * ratio };
  }

  let last = null; // where the pointer was, while it draws
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return; // the first finger draws
    canvas.setPointerCapture(event.pointerId);
    lift();
    last = pointAt(event);
    stroke(last, last);
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || !event.isPrimary) return;
    const points = event.getCoalescedEvents().map(pointAt);
    for (const point of points.length ? points : [pointAt(event)]) {
      stroke(last, point);
      last = point;
    }
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => (last = null));
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in PEN_KEYS) move(PEN_KEYS[event.key]);
    else if (event.key === " ") toggle();
    else if (event.key === "Escape") lift();
    else if (event.key === "Delete" || event.key === "Backspace") clear();
    else return;
    event.preventDefault();
    showPen();
  });
  canvas.addEventListener("blur", () => {
    lift();
    cross.hidden = true;
  });

  function move([right, down]) {
    const within = (x) => Math.min(Math.max(x, PEN_STEP), side - PEN_STEP);
    const from = { x: pen.x, y: pen.y };
    pen.x = within(pen.x + right * PEN_STEP);
    pen.y = within(pen.y + down * PEN_STEP);
    say(`${pen.isDown ? "drawn to" : "pen at"} column ${pen.x / PEN_STEP}, row ${pen.y / PEN_STEP}`);
    if (!pen.isDown) return;
    stroke(from, pen);
    changed();
  }

  function toggle() {
    pen.isDown = !pen.isDown;
    say(pen.isDown ? "Pen down." : "Pen up.");
    if (!pen.isDown) return;
    stroke(pen, pen);
    changed();
  }

  function lift() {
    pen.isDown = false;
    showPen(cross.hidden);
  }

  function showPen(hidden = false) {
    cross.hidden = hidden;
    cross.classList.toggle("live-down", pen.isDown);
    cross.style.left = `${(100 * pen.x) / side}%`;
    cross.style.top = `${(100 * pen.y) / side}%`;
  }

  function clear() {
    wipe();
    changed();
  }

  function wipe() {
    context.clearRect(0, 0, side, side);
    isShowing = false;
  }

  /* Show a grid of ink, 0 to 1, as large as the pad. Calls nothing: the grid is known already. */
  function show(ink) {
    const small = new OffscreenCanvas(ink.width, ink.height);
    const picture = new ImageData(ink.width, ink.height);
    ink.values.forEach((x, i) => (picture.data[4 * i + 3] = 255 * x));
    small.getContext("2d").putImageData(picture, 0, 0);
    const ratio = side / Math.max(ink.width, ink.height);
    const [width, height] = [ratio * ink.width, ratio * ink.height];
    wipe();
    isShowing = true;
    context.drawImage(small, (side - width) / 2, (side - height) / 2, width, height);
  }

  /* What is on the pad, as a grid from 0 to 1, or null when it is empty. */
  function ink() {
    const { data } = context.getImageData(0, 0, side, side);
    const values = new Float32Array(side * side).map((_, i) => data[4 * i + 3] / 255);
    return values.some((x) => x > 0) ? { height: side, width: side, values } : null;
  }

  return { clear, show, ink };
}
