/**
 * Brings an element's children into line with new markup and touches only what differs. What a reader typed, chose,
 * opened, sorted or scrolled stays as it is; elements with an id keep their identity.
 */
import { Idiomorph } from 'idiomorph';

/** The markup that an element came from: the same markup again leaves it alone. */
const sourceOf = new WeakMap<Node, string>();

export function morph(target: Element, html: string): void {
  if (sourceOf.get(target) === html) return;
  sourceOf.set(target, html);
  Idiomorph.morph(target, html, {
    morphStyle: 'innerHTML',
    callbacks: {
      afterNodeAdded: remember,
      beforeNodeMorphed: (present, next) => {
        const isSame = next instanceof Element && next.id !== '' && sourceOf.get(present) === next.outerHTML;
        if (!isSame) remember(present, next);
        return !isSame;
      },
      beforeAttributeUpdated: (name, element) => !isReadersChoice(name, element),
    },
  });
}

function remember(node: Node, source: Node = node): void {
  if (source instanceof Element && source.id !== '') sourceOf.set(node, source.outerHTML);
}

function isReadersChoice(name: string, element: Element): boolean {
  if (name === 'open') return element instanceof HTMLDetailsElement;
  return ['value', 'checked', 'selected'].includes(name) && element.closest('form') !== null;
}
