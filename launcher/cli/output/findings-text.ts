// The findings of `uber doctor`, grouped by service.
import type { Finding, Severity } from '../../doctor/finding.ts';
import type { Output } from './output.ts';
import type { Paint } from './text.ts';

/** Prints findings that are in the order of their services. */
export function printFindings(findings: readonly Finding[], serviceCount: number, output: Output): void {
  const count = (wanted: Severity): number => findings.filter(({ severity }) => severity === wanted).length;
  const [errors, warnings, infos] = [count('error'), count('warning'), count('info')];
  for (const finding of findings) output.event({ event: 'finding', ...finding });
  output.event({ event: 'summary', services: serviceCount, errors, warnings, infos });
  const services = plural(serviceCount, 'service');
  if (findings.length === 0) {
    output.line(output.paint('green', `No problems found in ${services}.`));
    return;
  }
  for (const name of new Set(findings.map(({ service }) => service))) {
    const own = findings.filter(({ service }) => service === name);
    output.line(`${groupText(name ?? 'Project', own, output.paint)}\n`);
  }
  const total = [plural(errors, 'error'), plural(warnings, 'warning'), plural(infos, 'note')].join(', ');
  output.line(`${total} in ${services}.`);
}

const WORDS: Readonly<Record<Severity, { word: string; color: 'red' | 'yellow' | 'cyan' }>> = {
  error: { word: 'error', color: 'red' },
  warning: { word: 'warning', color: 'yellow' },
  info: { word: 'note', color: 'cyan' },
};

function groupText(name: string, findings: readonly Finding[], paint: Paint): string {
  const places = findings.map(placeOf);
  const width = Math.max(...places.map(({ length }) => length));
  const lines = findings.flatMap(({ severity, message, hint }, index) => {
    const { word, color } = WORDS[severity];
    const place = width === 0 ? '' : `${(places[index] ?? '').padEnd(width)}  `;
    return [
      `  ${paint(color, word.padEnd(7))}  ${place}${message}`,
      `${' '.repeat(11 + place.length)}${paint('dim', hint)}`,
    ];
  });
  return [paint('bold', name), ...lines].join('\n');
}

function placeOf({ file, line }: Finding): string {
  if (file === null) return '';
  return line === null ? file : `${file}:${line}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
