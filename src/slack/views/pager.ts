/** The buttons that turn the pages of a list: back where there is a page before, on where there is one after. */
import { writePageValue } from '../button-value.ts';
import type { ButtonSpec } from './block-builders.ts';

export interface Position {
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

type PageTurn = Pick<ButtonSpec, 'id' | 'label' | 'spoken'>;

/** `query` is asked again for the other page. */
export function pager(query: string, { page, pages }: Position, back: PageTurn, on: PageTurn): ButtonSpec[] {
  const to = (turn: PageTurn, target: number): ButtonSpec => ({
    ...turn,
    value: writePageValue({ query, page: target }),
  });
  return [...(page > 1 ? [to(back, page - 1)] : []), ...(page < pages ? [to(on, page + 1)] : [])];
}
