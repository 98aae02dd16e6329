/** How the brush paints: kept from one photo to the next. */

const HELD = "studio.brush";
export const SMALLEST = 0.002; // radius, as a share of the photo's long side
export const LARGEST = 0.4;
const GROWTH = 1.2;
const FIRM = 0.1;

class BrushSettings extends EventTarget {
  constructor() {
    super();
    this.radius = 0.04;
    this.hardness = 0.5;
    this.flow = 1;
    Object.assign(this, JSON.parse(localStorage.getItem(HELD) ?? "{}"));
  }

  /** @param {Partial<{radius: number, hardness: number, flow: number}>} values */
  set({ radius = this.radius, hardness = this.hardness, flow = this.flow }) {
    this.radius = Math.min(LARGEST, Math.max(SMALLEST, radius));
    this.hardness = Math.min(1, Math.max(0, Number(hardness.toFixed(3))));
    this.flow = Math.min(1, Math.max(0.01, flow));
    localStorage.setItem(HELD, JSON.stringify({ radius: this.radius, hardness: this.hardness, flow: this.flow }));
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} steps */
  grow(steps) {
    this.set({ radius: this.radius * GROWTH ** steps });
  }

  /** @param {number} steps */
  harden(steps) {
    this.set({ hardness: this.hardness + steps * FIRM });
  }
}

export const brush = new BrushSettings();
