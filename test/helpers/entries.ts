/** So many entries of a manifest, each with a name and a handler of its own. */
export function entries(count: number, path = '') {
  return Array.from({ length: count }, (_, index) => ({
    name: `entry-${index}`,
    handler: `https://a.example/${path}${index}`,
    trigger: 'create',
  }));
}
