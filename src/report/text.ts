// Text of reports: times, and what HTML and SVG need escaped.

/** Minutes and seconds: 0:07, 3:25, 61:00. */
export function clock(sec: number): string {
  const whole = Math.round(sec);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** For content and attributes of HTML and SVG. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
