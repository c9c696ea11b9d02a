// The shell that ends what a killed launcher has left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { GUARDIAN } from '../../launcher/platform-processes.ts';
import { isAlive } from '../support/processes.ts';

const WAITS = 'setInterval(() => {}, 1e6)';

async function startGroup(): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', WAITS], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

// Windows has none: the system itself does that there.
const SHELLS = GUARDIAN === null ? [] : [GUARDIAN.command, ...(process.platform === 'linux' ? ['bash'] : [])];

test('every system but Windows has a guardian', () => {
  expect(GUARDIAN === null).toBe(process.platform === 'win32');
});

if (GUARDIAN !== null) {
  const { args } = GUARDIAN;
  test.each(SHELLS)(
    '%s ends the groups that are left when its input ends, and only those',
    async (command) => {
      const groups = [await startGroup(), await startGroup(), await startGroup()];
      const [first, second, third] = groups.map(({ pid }) => pid);
      // As `sh`: bash under its own name reads the files of a login when its input is a socket.
      const ended = once(groups[1] as ChildProcess, 'exit');
      const guardian = spawn(command, [...args], {
        argv0: 'sh',
        env: {},
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      await once(guardian, 'spawn');
      guardian.stdin.write(`+${first}\n+${second}\n-${first}\n+${third}\n-${third}\n-77\n`);
      guardian.stdin.end();
      expect((await once(guardian, 'exit'))[1]).toBeNull();
      await ended;
      expect(groups.map(({ pid }) => isAlive(pid))).toEqual([true, false, true]);
      for (const group of groups) group.kill('SIGKILL');
    },
  );
}
