/** What the TypeScript tests use of page.js. */
export function furnish(): void;
