/** `/loandesk [requests | request <id> | watch | case <id> | drill <unit> | away [until <day> for <person>] | back [person] | status | resume | audit verify [id | entries head] | audit export [id] | help]` */
import { parseKeptHead } from '../../domain/audit-chain.ts';
import type { Desk } from '../../usecases/desk.ts';
import { COMMANDS } from '../ids.ts';
import {
  answerAnyRole,
  answerWith,
  type Listener,
  type ListenerParts,
  type Outcome,
  type Turn,
} from '../listener.ts';
import { firstWord, typedQuery } from '../typed-text.ts';
import { auditVerdictMessage } from '../views/audit-view.ts';
import { helpMessage, unknownArgumentMessage } from '../views/help-view.ts';
import { fileSentMessage } from '../views/notice-message.ts';
import { resumedMessage, statusMessage } from '../views/status-view.ts';
import { tellAway, tellBack } from './away.ts';
import { tellCase } from './case.ts';
import { tellRequest, tellRequests } from './requests.ts';
import { startDrill, tellWatch } from './watch.ts';

export function loandeskListeners(parts: ListenerParts) {
  return { commands: { [COMMANDS.loandesk]: loandesk(parts) } };
}

function loandesk(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: (turn) => {
      const { word, rest } = firstWord(turn.input);
      const argument = typedQuery(rest);
      switch (word.toLowerCase()) {
        case '':
        case 'help':
          return answerAnyRole(parts.desk, turn, helpMessage());
        case 'requests':
          return tellRequests(parts, turn);
        case 'request':
          return tellRequest(parts, turn, argument);
        case 'watch':
          return tellWatch(parts, turn);
        case 'case':
          return tellCase(parts, turn, argument, 'tell');
        case 'drill':
          return startDrill(parts, turn, argument);
        case 'away':
          return tellAway(parts, turn);
        case 'back':
          return tellBack(parts, turn);
        case 'status':
          return answerWith(parts.desk.status(turn.by), (found) => turn.tell(statusMessage(found)));
        case 'resume':
          return answerWith(parts.desk.liftStop(turn.by), (lifted) => turn.tell(resumedMessage(lifted)));
        case 'audit':
          return audit(parts, turn, argument);
        default:
          return answerAnyRole(parts.desk, turn, unknownArgumentMessage(typedQuery(turn.input)));
      }
    },
  };
}

async function audit({ desk }: ListenerParts, turn: Turn, argument: string): Promise<Outcome> {
  const { word, rest } = firstWord(argument);
  switch (word.toLowerCase()) {
    case 'verify':
      return verifyAudit(desk, turn, rest);
    case 'export':
      return answerWith(
        desk.exportAudit(turn.by, rest === '' ? null : rest),
        async ({ fileName, jsonLines }) =>
          turn.tell(fileSentMessage(fileName, await turn.sendFile(fileName, jsonLines))),
      );
    default:
      return answerAnyRole(desk, turn, unknownArgumentMessage(`audit ${argument}`.trim()));
  }
}

/** `<id>`, `<entries> <head>`, or nothing for the whole trail. */
async function verifyAudit(desk: Desk, turn: Turn, argument: string): Promise<Outcome> {
  const [first = '', second] = argument.split(' ');
  const kept = second === undefined ? null : parseKeptHead(first, second);
  if (second !== undefined && kept === null)
    return answerAnyRole(desk, turn, { code: 'bad-audit-head', input: argument });
  const subjectId = kept !== null || first === '' ? null : first;
  return answerWith(desk.verifyAudit(turn.by, subjectId, kept), (verdict) =>
    turn.tell(auditVerdictMessage(verdict, subjectId)),
  );
}
