// Jest transform. The launcher's own sources get Node's type stripping: it leaves every character where it was, so
// coverage needs no source map. Tests are compiled, because Node 22 does not know their `using` declarations.
import { stripTypeScriptTypes } from 'node:module';
import { sep } from 'node:path';
import { transformSync } from 'esbuild';

export default {
  process(source, path) {
    if (path.includes(`${sep}launcher${sep}`)) return { code: stripTypeScriptTypes(source) };
    const { code } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node22.18',
      sourcemap: 'inline',
      sourcefile: path,
    });
    return { code };
  },
};
