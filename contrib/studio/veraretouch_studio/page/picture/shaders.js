/** The two programs that draw a photo through a table: its colours, and where they are clipped. */

export const CORNERS = `#version 300 es
uniform vec4 rect; // left, top, right, bottom in the view, device pixels
uniform vec2 view;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 at = mix(rect.xy, rect.zw, corner) / view * 2.0 - 1.0;
  gl_Position = vec4(at.x, -at.y, 0.0, 1.0);
}`;

/*
 * Tetrahedral interpolation as in core/lut/interpolation.py (Kasson, Plouffe and Nin 1993), read point by point: no
 * filter of the graphics card rounds on the way. At one texel a device pixel the photo is read exactly; smaller, a box
 * of texels is averaged; larger, they are blended up to twice the size and squares beyond.
 */
const SHOWN = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp sampler3D;
uniform sampler2D photo;
uniform sampler3D table;
uniform int points; // of the table an axis; 0: the photo as it is
uniform vec2 view;
uniform vec4 rect;
uniform vec2 texels; // a device pixel
out vec4 color;

vec3 texel(ivec2 at) {
  return texelFetch(photo, clamp(at, ivec2(0), textureSize(photo, 0) - 1), 0).rgb;
}

vec3 blended(vec2 at) {
  vec2 low = floor(at - 0.5);
  vec2 part = at - 0.5 - low;
  ivec2 i = ivec2(low);
  vec3 top = mix(texel(i), texel(i + ivec2(1, 0)), part.x);
  return mix(top, mix(texel(i + ivec2(0, 1)), texel(i + ivec2(1, 1)), part.x), part.y);
}

vec3 sampled() {
  vec2 at = (vec2(gl_FragCoord.x, view.y - gl_FragCoord.y) - rect.xy) * texels;
  if (texels.x == 1.0 || texels.x <= 0.5) return texel(ivec2(floor(at)));
  int n = clamp(int(ceil(texels.x)), 1, 6);
  if (n == 1) return blended(at);
  vec3 sum = vec3(0.0);
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      sum += texel(ivec2(floor(at + ((vec2(x, y) + 0.5) / float(n) - 0.5) * texels)));
  return sum / float(n * n);
}

vec3 mapped(vec3 given) {
  if (points == 0) return given;
  vec3 place = clamp(given, 0.0, 1.0) * float(points - 1);
  ivec3 cell = min(ivec3(place), points - 2);
  vec3 f = place - vec3(cell);
  ivec3 first, second;
  if (f.r >= f.g) {
    first = f.r >= f.b ? ivec3(1, 0, 0) : ivec3(0, 0, 1);
    second = f.g >= f.b ? ivec3(1, 1, 0) : ivec3(1, 0, 1);
  } else {
    first = f.g >= f.b ? ivec3(0, 1, 0) : ivec3(0, 0, 1);
    second = f.r >= f.b ? ivec3(1, 1, 0) : ivec3(0, 1, 1);
  }
  float high = max(max(f.r, f.g), f.b);
  float low = min(min(f.r, f.g), f.b);
  float middle = f.r + f.g + f.b - high - low;
  return texelFetch(table, cell, 0).rgb * (1.0 - high)
    + texelFetch(table, cell + first, 0).rgb * (high - middle)
    + texelFetch(table, cell + second, 0).rgb * (middle - low)
    + texelFetch(table, cell + 1, 0).rgb * low;
}

vec3 rounded() {
  return floor(clamp(mapped(sampled()), 0.0, 1.0) * 255.0 + 0.5) / 255.0;
}`;

export const PICTURE = `${SHOWN}
void main() {
  color = vec4(rounded(), 1.0);
}`;

/* A layer of its own: what is white in any channel in red, what is black in all in blue. */
export const CLIPPING = `${SHOWN}
void main() {
  vec3 c = rounded();
  if (max(max(c.r, c.g), c.b) >= 1.0) color = vec4(0.93, 0.2, 0.2, 1.0);
  else if (max(max(c.r, c.g), c.b) <= 0.0) color = vec4(0.2, 0.4, 0.95, 1.0);
  else discard;
}`;
