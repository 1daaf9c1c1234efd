// What stages leave for the page alone to draw: `picture` in their data, bytes that no other report repeats.
import type { Json } from './stage.js';

/** Data of a stage without its picture. */
export function withoutPicture(data: Json): Json {
  if (data === null || typeof data !== 'object' || Array.isArray(data) || !('picture' in data)) return data;
  const { picture: _picture, ...rest } = data as { readonly [key: string]: Json };
  return rest;
}
