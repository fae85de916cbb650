/**
 * Brings an element's children into line with new markup and touches only what differs: what is typed, focused, opened
 * or scrolled stays as it is. Siblings with `data-key` keep their identity.
 */
const sourceOf = new WeakMap<Element, string>();

export function morph(target: Element, html: string): void {
  if (sourceOf.get(target) === html) return;
  sourceOf.set(target, html);
  const template = document.createElement('template');
  template.innerHTML = html;
  morphChildren(target, template.content);
}

const keyOf = (node: Node) => (node instanceof HTMLElement ? node.dataset.key : undefined);

function morphChildren(target: Element, wanted: ParentNode & Node): void {
  const keyed = new Map<string, Element>();
  for (const child of target.children) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  let present: Node | null = target.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = keyOf(next);
    const match = key === undefined ? sameKind(present, next) : keyed.get(key);
    if (match === undefined) {
      target.insertBefore(remember(next), present);
      continue;
    }
    if (match === present) present = present.nextSibling;
    else target.insertBefore(match, present);
    morphNode(match, next);
  }
  while (present !== null) {
    const following: Node | null = present.nextSibling;
    target.removeChild(present);
    present = following;
  }
}

function sameKind(present: Node | null, next: Node): Node | undefined {
  if (present === null || keyOf(present) !== undefined) return undefined;
  return present.nodeName === next.nodeName ? present : undefined;
}

/** Notes the markup a keyed element came from, so that the same markup leaves it alone. */
function remember(node: Node): Node {
  if (node instanceof Element && keyOf(node) !== undefined) sourceOf.set(node, node.outerHTML);
  return node;
}

function morphNode(present: Node, next: Node): void {
  if (!(present instanceof Element) || !(next instanceof Element)) {
    if (present.nodeValue !== next.nodeValue) present.nodeValue = next.nodeValue;
    return;
  }
  if (keyOf(next) !== undefined) {
    if (sourceOf.get(present) === next.outerHTML) return;
    sourceOf.set(present, next.outerHTML);
  }
  morphAttributes(present, next);
  morphChildren(present, next);
}

function morphAttributes(present: Element, next: Element): void {
  // Whether details are open is the reader's choice once they are there.
  const isKept = (name: string) => name === 'open' && present instanceof HTMLDetailsElement;
  for (const { name } of [...present.attributes])
    if (!next.hasAttribute(name) && !isKept(name)) present.removeAttribute(name);
  for (const { name, value } of next.attributes)
    if (present.getAttribute(name) !== value && !isKept(name)) present.setAttribute(name, value);
}
