// The rules of a target on the form of the file that is handed in: container, rate, depth, bit rate, channels, against
// what the written file says of itself, or is foretold to say. A form is the user's own choice and a flag away, so none of
// this misses a target; what the user leaves open follows the rules where forge's own choice, WAV, would break them.
import type { AudioShape } from '../../audio/audio-file.js';
import { deliverableRateHz, deliverableSampleFormat, usualBitrateKbps } from '../../audio/delivery-form.js';
import type { DeliveryRules } from '../master-target.js';
import type { DeliverySpec, DeliveryWish, WrittenForm } from '../stage.js';
import { type Check, describeFailed } from './master-checks.js';

type Source = Pick<AudioShape, 'sampleRateHz' | 'channelCount'>;

/** A wish with what a target that takes no WAV asks of container, rate and bit rate, where the wish is silent. */
export function completeDelivery(
  rules: DeliveryRules | undefined,
  wish: DeliveryWish,
  { sampleRateHz, channelCount }: Source,
): DeliveryWish {
  if (rules?.containers === undefined || rules.containers.includes('wav')) return wish;
  const { containers, sampleRatesHz, minBitrateKbps } = rules;
  const container = wish.container ?? containers[0];
  const rateHz =
    wish.sampleRateHz ??
    (sampleRatesHz === undefined || sampleRatesHz.includes(sampleRateHz) ? sampleRateHz : sampleRatesHz[0]);
  if (container === 'wav' || container === 'flac') return { ...wish, container, sampleRateHz: rateHz };
  const usual = usualBitrateKbps(container, { sampleRateHz: rateHz, channelCount });
  const bitrateKbps = wish.bitrateKbps ?? Math.max(usual, minBitrateKbps ?? 0);
  return { ...wish, container, sampleRateHz: rateHz, bitrateKbps };
}

/** What a file of this form will say of itself. */
export function foretellForm(spec: DeliverySpec, channelCount: number): WrittenForm {
  const { container } = spec;
  const own = { container, sampleRateHz: deliverableRateHz(container, spec.sampleRateHz), channelCount };
  if (container === 'wav' || container === 'flac') {
    const bitDepth = deliverableSampleFormat(container, spec.sampleFormat).bits;
    return { ...own, bitDepth, bitrateKbps: null, isConstantBitrate: null };
  }
  const bitrateKbps = spec.bitrateKbps ?? usualBitrateKbps(container, own);
  return { ...own, bitDepth: null, bitrateKbps, isConstantBitrate: container === 'mp3' ? true : null };
}

/** The part of the sheet about the form; a lossy file has no depth, a lossless one no bit rate: not checked. */
export function checkDelivery(rules: DeliveryRules, form: WrittenForm): Check[] {
  const { bitDepth, bitrateKbps, isConstantBitrate } = form;
  const { minBitrateKbps, maxChannelCount } = rules;
  const checks: Check[] = [];
  const oneOf = (
    rule: string,
    allowed: (string | number)[] | undefined,
    measured: string | number | null,
  ): void => {
    if (allowed === undefined) return;
    const pass = measured === null ? null : allowed.includes(measured);
    checks.push({ rule, limit: { oneOf: allowed }, measured, pass });
  };
  oneOf('container', rules.containers, form.container);
  oneOf('sampleRateHz', rules.sampleRatesHz, form.sampleRateHz);
  oneOf('bitDepth', rules.bitDepths, bitDepth);
  if (minBitrateKbps !== undefined) {
    const pass = bitrateKbps === null ? null : bitrateKbps >= minBitrateKbps;
    checks.push({ rule: 'bitrateKbps', limit: { min: minBitrateKbps }, measured: bitrateKbps, pass });
  }
  if (rules.isConstantBitrate) {
    const mode = isConstantBitrate === null ? null : isConstantBitrate ? 'constant' : 'variable';
    oneOf('bitrateMode', ['constant'], mode);
  }
  if (maxChannelCount !== undefined) {
    const { channelCount } = form;
    const pass = channelCount <= maxChannelCount;
    checks.push({ rule: 'channelCount', limit: { max: maxChannelCount }, measured: channelCount, pass });
  }
  return checks;
}

/** The flags of `forge master` that give the form that was asked for; empty where no flag does. */
export function deliveryFlags(rules: DeliveryRules, checks: readonly Check[]): string {
  const { containers, sampleRatesHz, bitDepths, minBitrateKbps } = rules;
  const passOf = (rule: string) => checks.find((check) => check.rule === rule)?.pass;
  const container = passOf('container') === false ? containers![0] : undefined;
  const isLossless = container === 'wav' || container === 'flac';
  // A new container brings rules into play that the written file had no figure for.
  const isOff = (rule: string, isOfContainer: boolean): boolean =>
    passOf(rule) === false || (container !== undefined && isOfContainer && passOf(rule) === null);
  const flags: string[] = [];
  if (container !== undefined) flags.push(`--format ${container}`);
  if (passOf('sampleRateHz') === false) flags.push(`--rate ${sampleRatesHz![0]}`);
  if (isOff('bitDepth', isLossless)) flags.push(`--depth ${Math.max(...bitDepths!)}`);
  if (isOff('bitrateKbps', !isLossless)) flags.push(`--bitrate ${minBitrateKbps}`);
  return flags.join(' ');
}

/** The checks of a form, and the flags that make it right; both empty where a target has no rules. */
export function judgeForm(
  rules: DeliveryRules | undefined,
  form: WrittenForm,
): { readonly checks: Check[]; readonly flags: string } {
  if (rules === undefined) return { checks: [], flags: '' };
  const checks = checkDelivery(rules, form);
  return { checks, flags: deliveryFlags(rules, checks) };
}

/** What is wrong with a form and the flags that mend it, if any do; undefined where nothing is. */
export function describeForm(checks: readonly Check[], flags: string): string | undefined {
  const failed = describeFailed(checks);
  if (failed.length === 0) return undefined;
  return `${failed.join('; ')}${flags === '' ? '' : ` (make it with ${flags})`}`;
}
