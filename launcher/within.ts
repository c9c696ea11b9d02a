// Waits for something, but not for ever.

/** What a promise resolves to, or null when that takes longer; the promise itself goes on. */
export async function within<Result>(promise: Promise<Result>, limitMs: number): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, limitMs, null);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
