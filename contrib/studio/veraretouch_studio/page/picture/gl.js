/** WebGL2: textures of photos and tables, and the drawing of layers. Knows no server and no plan. */

import { CLIPPING, CORNERS, PICTURE } from "./shaders.js";

/** @import {PixelBytes, TableBytes, Rect} from "../core/types.js" */
/** @import {Viewport} from "../core/viewport.js" */

/**
 * @typedef {{texture: WebGLTexture, width: number, height: number, bytes: number}} Held
 * @typedef {{texture: WebGLTexture, points: number}} HeldTable
 * @typedef {{image: Held, rect: Rect, table: HeldTable|null}} Layer an image over a part of the photo
 * @typedef {{layers: Layer[], left: number, right: number, shift?: number}} Pane what is drawn between two columns
 */

export class Renderer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL2");
    this.gl = gl;
    this.canvas = canvas;
    this.space = Renderer.#displaySpace(gl);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.pixelStorei(gl.PACK_ALIGNMENT, 1);
    gl.bindVertexArray(gl.createVertexArray());
    this.picture = this.#program(PICTURE);
    this.clipping = this.#program(CLIPPING);
    this.none = this.table({ points: 2, draft: false, data: new Float32Array(24).buffer }).texture;
    this.target = gl.createFramebuffer();
    this.limit = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  }

  /** P3 where the display has it and the canvas takes it. @param {any} gl @returns {"srgb"|"p3"} */
  static #displaySpace(gl) {
    if (!matchMedia("(color-gamut: p3)").matches || !("drawingBufferColorSpace" in gl)) return "srgb";
    gl.drawingBufferColorSpace = "display-p3";
    return gl.drawingBufferColorSpace === "display-p3" ? "p3" : "srgb";
  }

  /** @param {string} fragment */
  #program(fragment) {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, CORNERS], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(Number(kind)));
      gl.shaderSource(shader, String(text));
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program) ?? "the shader does not link");
    }
    const at = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
    const names = ["photo", "table", "points", "view", "rect", "texels"];
    return { program, at: Object.fromEntries(names.map((name) => [name, at(name)])) };
  }

  /** @param {GLenum} kind */
  #texture(kind) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(kind, texture);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(kind, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) {
      gl.texParameteri(kind, name, gl.CLAMP_TO_EDGE);
    }
    return texture;
  }

  /** @param {PixelBytes} pixels @returns {Held} */
  image({ width, height, format, data }) {
    const { gl } = this;
    const texture = this.#texture(gl.TEXTURE_2D);
    if (format === "rgb16f") {
      const halves = new Uint16Array(data);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB16F, width, height, 0, gl.RGB, gl.HALF_FLOAT, halves);
    } else {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, width, height, 0, gl.RGB, gl.UNSIGNED_BYTE, new Uint8Array(data));
    }
    return { texture, width, height, bytes: data.byteLength };
  }

  /** @param {TableBytes} table @returns {HeldTable} */
  table({ points: n, draft, data }) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE1);
    const texture = this.#texture(gl.TEXTURE_3D);
    if (draft) {
      gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGB16F, n, n, n, 0, gl.RGB, gl.HALF_FLOAT, new Uint16Array(data));
    } else {
      gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGB32F, n, n, n, 0, gl.RGB, gl.FLOAT, new Float32Array(data));
    }
    gl.activeTexture(gl.TEXTURE0);
    return { texture, points: n };
  }

  /** @param {{texture: WebGLTexture}|null} held */
  free(held) {
    if (held) this.gl.deleteTexture(held.texture);
  }

  /**
   * Draw panes side by side on the canvas.
   * @param {Pane[]} panes @param {Viewport} viewport @param {boolean} clipping
   */
  draw(panes, viewport, clipping) {
    const { gl } = this;
    const { width, height } = this.canvas;
    gl.viewport(0, 0, width, height);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    for (const { layers, left, right, shift = 0 } of panes) {
      gl.scissor(left, 0, Math.max(0, right - left), height);
      for (const layer of layers) {
        const place = placed(layer, viewport, shift);
        this.#layer(this.picture, layer, place, width, height);
        if (clipping) this.#layer(this.clipping, layer, place, width, height);
      }
    }
    gl.disable(gl.SCISSOR_TEST);
  }

  /** @param {any} program @param {Layer} layer @param {Placed} place @param {number} width @param {number} height */
  #layer({ program, at }, { image, table }, { rect, texels }, width, height) {
    const { gl } = this;
    gl.useProgram(program);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_3D, table?.texture ?? this.none);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, image.texture);
    gl.uniform1i(at.photo, 0);
    gl.uniform1i(at.table, 1);
    gl.uniform1i(at.points, table?.points ?? 0);
    gl.uniform2f(at.view, width, height);
    gl.uniform4f(at.rect, ...rect);
    gl.uniform2f(at.texels, ...texels);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /**
   * What layers show, drawn apart from the canvas: pixels (RGBA, rows from the top down).
   * @param {Layer[]} layers @param {{x: number, y: number, scale: number}} from where the photo begins, and its scale
   * @param {number} width @param {number} height
   */
  read(layers, from, width, height) {
    const { gl } = this;
    const texture = this.#texture(gl.TEXTURE_2D);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const viewport = { scale: from.scale, origin: { x: from.x, y: from.y } };
    for (const layer of layers) this.#layer(this.picture, layer, placed(layer, viewport, 0), width, height);
    const found = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, found);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteTexture(texture);
    return upright(found, width, height);
  }
}

/** @typedef {{rect: [number, number, number, number], texels: [number, number]}} Placed */

/**
 * Where a layer lies in the view. An image that differs from its place by less than a pixel is shown pixel for pixel.
 * @param {Layer} layer @param {{scale: number, origin: {x: number, y: number}}} viewport @param {number} shift
 * @returns {Placed}
 */
function placed({ image, rect }, { scale, origin }, shift) {
  const left = origin.x + shift + Math.round(rect.x * scale);
  const top = origin.y + Math.round(rect.y * scale);
  const wide = rect.width * scale;
  const high = rect.height * scale;
  if (Math.abs(wide - image.width) < 1 && Math.abs(high - image.height) < 1) {
    return { rect: [left, top, left + image.width, top + image.height], texels: [1, 1] };
  }
  const right = origin.x + shift + Math.round((rect.x + rect.width) * scale);
  const bottom = origin.y + Math.round((rect.y + rect.height) * scale);
  return { rect: [left, top, right, bottom], texels: [image.width / wide, image.height / high] };
}

/** @param {Uint8Array} pixels @param {number} width @param {number} height */
function upright(pixels, width, height) {
  const turned = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y += 1) {
    turned.set(pixels.subarray(y * width * 4, (y + 1) * width * 4), (height - 1 - y) * width * 4);
  }
  return turned;
}
