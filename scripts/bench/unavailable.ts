// What a scenario throws when something to compare with is not there: told, and no failure.

/** The message says why. */
export class Unavailable extends Error {}
