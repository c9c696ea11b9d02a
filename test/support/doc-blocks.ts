// Reads a Markdown page: its fenced blocks with what their info strings say, its headings and its links. Pure.

/** One fenced block. */
export interface DocBlock {
  /** First word behind the fence; empty when there is none. */
  readonly language: string;
  /** The other words without a value. */
  readonly words: readonly string[];
  /** `key=value` and `key="more than one word"`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** What a block is there for. */
export type BlockKind =
  | 'file' // ts file=services/hello/index.ts: written to the project
  | 'commands' // sh, or sh exit=2: run one after the other
  | 'covered' // sh covered-by=some/file: that file runs it
  | 'output' // text output: what the commands before it wrote
  | 'illustration' // text illustration="why it cannot be run"
  | 'unmarked'; // none of these: a mistake

/** Every fenced block of a page, in order. */
export function readBlocks(markdown: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  let open: { fence: string; info: string; line: number; content: string[] } | null = null;
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, fence = '', info = ''] = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(text) ?? [];
    if (open === null) {
      if (fence !== '') open = { fence, info, line: index + 1, content: [] };
    } else if (fence.startsWith(open.fence) && info === '') {
      blocks.push(toBlock(open));
      open = null;
    } else {
      open.content.push(text);
    }
  }
  if (open !== null) throw new Error(`The block of line ${open.line} has no end.`);
  return blocks;
}

/** What a block is there for, by its info string. */
export function kindOf({ language, words, attributes }: DocBlock): BlockKind {
  if (attributes.illustration !== undefined && attributes.illustration !== '') return 'illustration';
  if (attributes.file !== undefined) return 'file';
  if (words.includes('output')) return 'output';
  if (language !== 'sh') return 'unmarked';
  return attributes['covered-by'] === undefined ? 'commands' : 'covered';
}

/** The commands of a block: one a line, comments and empty lines left out. */
export function commandsOf({ content }: DocBlock): string[] {
  return content.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const headings = proseOf(markdown).matchAll(/^#{1,6}\s+(.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

/** The targets of a page's links and pictures. */
export function linksOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The page without its fenced blocks. */
function proseOf(markdown: string): string {
  return markdown.replace(/^\s*(`{3,})[\s\S]*?^\s*\1\s*$/gm, '');
}

function toBlock({ info, line, content }: { info: string; line: number; content: string[] }): DocBlock {
  const parts = [...info.matchAll(/([^\s=]+)(?:=(?:"([^"]*)"|(\S*)))?/g)];
  const [language, ...rest] = parts;
  return {
    language: language?.[1] ?? '',
    words: rest.filter(([text]) => !text.includes('=')).map(([text]) => text),
    attributes: Object.fromEntries(
      rest
        .filter(([text]) => text.includes('='))
        .map(([, key = '', quoted, plain]) => [key, quoted ?? plain ?? '']),
    ),
    content: content.map((text) => `${text}\n`).join(''),
    line,
  };
}
