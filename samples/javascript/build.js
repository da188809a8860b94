// node build.js SOURCE TARGET: makes a component for wasi:http of a JavaScript source. The WIT of WASI is what jco carries, a package that
// componentize-js depends on, with the version that the engine in componentize-js speaks.
import { componentize } from '@bytecodealliance/componentize-js';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = '0.2.3';
const [source, target] = process.argv.slice(2);

const files = await readdir('node_modules', { recursive: true });
const builtin = files.filter((file) => /jco\/lib\/wit\/builtin\/0\.2\.\d+$/.test(file)).sort().at(-1);
const wit = await mkdtemp(join(tmpdir(), 'wit-'));
try {
  for (const file of files) {
    if (file.startsWith(`${builtin}/`) && file.endsWith('.wit')) {
      const text = await readFile(join('node_modules', file), 'utf8');
      const copy = join(wit, 'deps', file.slice(builtin.length + 1));
      await cp(join('node_modules', file), copy, { recursive: true });
      await writeFile(copy, text.replaceAll(/@0\.2\.\d+/g, `@${version}`).replaceAll(/(since\(version = )0\.2\.\d+/g, `$1${version}`));
    }
  }

  await writeFile(join(wit, 'handler.wit'), `package samples:handler;\nworld handler { export wasi:http/incoming-handler@${version}; }\n`);
  const { component } = await componentize(await readFile(source, 'utf8'), { witPath: wit, worldName: 'handler' });
  await writeFile(target, component);
} finally {
  await rm(wit, { recursive: true });
}
