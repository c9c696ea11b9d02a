// Types of conduct.cjs.
import type { RequestListener } from 'node:http';

export declare const answer: RequestListener;
export declare function say(what: string): void;
export declare function mayStop(): Promise<void>;
