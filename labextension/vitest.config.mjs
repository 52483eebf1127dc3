import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = path => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // The widgets' tests lie outside this folder, where Node would not find the test runner.
  resolve: { alias: { vitest: here('node_modules/vitest/dist/index.js') } },
  server: { fs: { allow: [here('..')] } },
  test: {
    environment: 'jsdom',
    isolate: false, // a new page for each of the many small files would take most of the time
    // Lumino keeps the real requestAnimationFrame, whose beat in jsdom is a setInterval: one that began as a false one
    // would leave the page, which files share, without frames.
    fakeTimers: { toFake: ['setTimeout', 'clearTimeout', 'Date'] },
    include: [here('src/__tests__/**/*.test.{ts,tsx}'), here('../tests/widgets/**/*.test.js')],
    // JupyterLab's packages are ES modules that do not say so to Node.
    server: { deps: { inline: [/@jupyter/, /@lumino/] } },
    setupFiles: [here('src/__tests__/setup.ts')]
  }
});
