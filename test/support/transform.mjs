// Jest transform. The launcher's own sources get Node's type stripping: it leaves every character where it was, so
// coverage needs no source map. Tests are compiled, because Node 22 does not know their `using` declarations.
import { stripTypeScriptTypes } from 'node:module';
import { join, sep } from 'node:path';
import { transformSync } from 'esbuild';

const launcher = join(import.meta.dirname, '..', '..', 'launcher') + sep;

export default {
  process(source, path) {
    if (path.startsWith(launcher)) return { code: stripTypeScriptTypes(source) };
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
