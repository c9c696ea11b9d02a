// Whether a service that has ended on its own is started again, and when. Pure: time and chance are arguments.
import type { RestartConfig } from '../types.ts';

/** What a decision rests on. */
export interface EndFacts {
  /** False when the service had done its work. */
  readonly isFailure: boolean;
  /** When it ended on its own, this time included, oldest first; in milliseconds of any clock. */
  readonly endsMs: readonly number[];
  /** The same clock, now. */
  readonly nowMs: number;
  /** From 0 to below 1. */
  readonly random: number;
}

/** What follows. */
export type RestartDecision =
  /** It stays as it is. */
  | { readonly kind: 'leave' }
  /** It has ended too often. */
  | { readonly kind: 'give-up'; readonly ends: number }
  /** `attempt` counts the new starts within the window, from 1. */
  | { readonly kind: 'restart'; readonly delayMs: number; readonly attempt: number };

/**
 * Decides by the policy. The pause doubles with every end within the window, up to the longest; of that a random half is
 * taken off, so that services that fall together do not all come back at the same moment ("equal jitter": M. Brooker,
 * Exponential Backoff And Jitter, AWS Architecture Blog 2015). Giving up after so many within a window is the restart
 * intensity of Erlang/OTP supervisors.
 */
export function decideRestart(config: RestartConfig, facts: EndFacts): RestartDecision {
  const { policy, minDelayMs, maxDelayMs, attempts, windowMs } = config;
  const isAsked = policy === 'always' || (policy === 'on-failure' && facts.isFailure);
  if (!isAsked) return { kind: 'leave' };
  const ends = facts.endsMs.filter((endMs) => facts.nowMs - endMs <= windowMs).length;
  if (ends > attempts) return { kind: 'give-up', ends };
  const longestMs = Math.min(maxDelayMs, minDelayMs * 2 ** (ends - 1));
  return { kind: 'restart', delayMs: Math.round(longestMs * (0.5 + facts.random / 2)), attempt: ends };
}
