/**
 * Cuts a list into pages that are read whole at once, each bounded in number and in bytes. An item that is larger than a
 * page is a page of its own.
 */
export function cutPages<T extends { size: number }>(
  items: readonly T[],
  limit: { items: number; bytes: number },
): T[][] {
  const pages: T[][] = [];
  let page: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const isFull =
      page.length >= limit.items || bytes + item.size > limit.bytes;
    if (page.length === 0 || isFull) {
      page = [];
      bytes = 0;
      pages.push(page);
    }
    page.push(item);
    bytes += item.size;
  }
  return pages;
}
