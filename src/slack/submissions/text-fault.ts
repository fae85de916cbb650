/** The fault of one text field, found before anything is asked: shown in the form, which stays open. */
import type { Turn } from '../turn.ts';

/** Null: the field is fine. `max` counts UTF-16 units. */
export function textFault(
  turn: Turn,
  blockId: string,
  max: number,
  whenEmpty: string,
): Readonly<Record<string, string>> | null {
  const text = (turn.fields.get(blockId) ?? '').trim();
  if (text === '') return { [blockId]: `${whenEmpty} Nothing was changed.` };
  if (text.length > max) return { [blockId]: `At most ${max} characters, please. Nothing was changed.` };
  return null;
}
