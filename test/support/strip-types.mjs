// Jest transform: Node's own type stripping. It leaves every character where it was, so stack traces and coverage
// need no source map.
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
