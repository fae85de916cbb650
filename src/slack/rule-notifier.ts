/**
 * Posts what the approvals channel must know about the rules for closes and who stands in: drawn from the event, with a
 * key; one that an earlier attempt may have posted is looked for first. Failures are returned, because the outbox
 * decides what follows.
 */
import type { Delivery } from '../usecases/ports.ts';
import type { RuleMessage, RuleNotifier } from '../usecases/rule-book.ts';
import { hintsOf, searchAttempt } from './message-search.ts';
import { DELIVERED, delivery, Messenger, type MessengerParts } from './messenger.ts';
import { withHints } from './views/alert-message.ts';
import type { Message } from './views/blocks.ts';
import { ruleMessage } from './views/rule-message.ts';

export interface RuleNotifierParts extends MessengerParts {
  readonly closeChannel: string;
  /** For messages that the channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
}

export class SlackRuleNotifier implements RuleNotifier {
  readonly #parts: RuleNotifierParts;
  readonly #messenger: Messenger;

  constructor(parts: RuleNotifierParts) {
    this.#parts = parts;
    this.#messenger = new Messenger(parts);
  }

  async deliver(about: RuleMessage): Promise<Delivery> {
    const { closeChannel, log, quiet } = this.#parts;
    const { key, event } = about;
    const searched = await searchAttempt(this.#parts, about, { channelId: closeChannel, threadTs: null });
    if (searched.kind === 'failed') return delivery({ ok: false, failure: searched.failure });
    if (searched.kind === 'found') {
      log.info({ key }, 'message was there already');
      return DELIVERED;
    }
    const message = withHints(ruleMessage(event), hintsOf(about, searched.kind === 'unknown'));
    // Who is away and who stands in must know it.
    const isPersonal = event.type === 'away' || event.type === 'back';
    return delivery(
      await this.#messenger.post(closeChannel, isPersonal ? message : await quiet(message), { key }),
    );
  }
}
