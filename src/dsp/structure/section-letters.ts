// Labels of sections: letters in the order in which kinds of sections first come.

/** Label of a kind of section by its number: A … Z, then AA, AB … */
export function sectionLetters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : sectionLetters(Math.floor(index / 26) - 1) + last;
}

/** The inverse of sectionLetters. */
export function sectionIndex(label: string): number {
  return [...label].reduce((index, letter) => 26 * (index + 1) + letter.charCodeAt(0) - 65, -1);
}
