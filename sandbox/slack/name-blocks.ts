import { isObject, type JsonObject, readObjects } from './json.ts';

/** Slack names every block and every interactive element that came without a name. */
export function nameBlocks(
  blocks: readonly JsonObject[],
  newName: (prefix: string) => string,
): readonly JsonObject[] {
  return blocks.map((block) => {
    const named: Record<string, unknown> = { block_id: newName('b'), ...block };
    if (Array.isArray(block.child_blocks))
      named.child_blocks = nameBlocks(readObjects(block.child_blocks), newName);
    if (block.type === 'actions' && Array.isArray(block.elements))
      named.elements = block.elements.map((element) => nameElement(element, newName));
    for (const place of ['accessory', 'element'])
      if (isObject(block[place])) named[place] = nameElement(block[place], newName);
    return named;
  });
}

function nameElement(element: unknown, newName: (prefix: string) => string): unknown {
  if (!isObject(element) || element.type === 'image') return element;
  return { action_id: newName('a'), ...element };
}
