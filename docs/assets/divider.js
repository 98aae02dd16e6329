// The before/after divider of the first page. A range input carries mouse, touch and keyboard; this file only draws.
"use strict";

function setUpDivider(figure) {
  const frame = figure.querySelector(".vr-frame");
  const range = figure.querySelector("input[type=range]");
  const [after, before] = [figure.querySelector(".vr-after"), figure.querySelector(".vr-before")];
  const prompt = figure.querySelector("[data-vr-prompt]");
  const choices = [...figure.querySelectorAll("[data-vr-photo]")];

  const draw = () => {
    frame.style.setProperty("--vr-at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % before`);
  };
  range.addEventListener("input", draw);

  for (const button of choices) {
    button.addEventListener("click", () => {
      for (const each of choices) each.setAttribute("aria-pressed", String(each === button));
      const name = button.dataset.vrPhoto;
      before.src = before.src.replace(/[^/]*-before\.jpg$/, `${name}-before.jpg`);
      after.src = after.src.replace(/[^/]*-after\.jpg$/, `${name}-after.jpg`);
      frame.style.setProperty("--vr-ratio", button.dataset.vrRatio);
      prompt.textContent = button.dataset.vrWords;
      range.value = 50;
      draw();
    });
  }
  draw();
}

document.querySelectorAll("[data-vr-divider]").forEach(setUpDivider);
