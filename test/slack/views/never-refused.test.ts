/** Whatever is drawn, Slack takes it: random units, requests and events through every view, checked by its limits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import { findInconsistencies, PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import { auditVerdictMessage } from '../../../src/slack/views/audit-view.ts';
import { closedUnitsMessage } from '../../../src/slack/views/closed-units-view.ts';
import { approverMessage, approversReply, directMessage } from '../../../src/slack/views/direct-message.ts';
import { threadText } from '../../../src/slack/views/event-text.ts';
import { helpMessage, unknownArgumentMessage } from '../../../src/slack/views/help-view.ts';
import { homeTab } from '../../../src/slack/views/home-view.ts';
import {
  askedMessage,
  noticeMessage,
  noticeModal,
  recordedMessage,
} from '../../../src/slack/views/notice-message.ts';
import { mentionedIn, withoutPings } from '../../../src/slack/views/quiet-mentions.ts';
import { requestCard } from '../../../src/slack/views/request-card.ts';
import {
  askModal,
  ballotModal,
  rejectionModal,
  settleModal,
} from '../../../src/slack/views/request-forms.ts';
import { requestListMessage, requestMessage } from '../../../src/slack/views/request-view.ts';
import { statusMessage } from '../../../src/slack/views/status-view.ts';
import { unitMessage } from '../../../src/slack/views/unit-view.ts';
import { sharedUnitsMessage, unitsMessage } from '../../../src/slack/views/units-view.ts';
import { ALICE, START_MS } from '../../support/close-requests.ts';
import {
  eventArb,
  evidence,
  factChange,
  factsArb,
  requestArb,
  unit,
  units,
  wildText,
} from '../support/arbitraries.ts';
import { faultsOf } from '../support/message-faults.ts';

const RUNS = { numRuns: 60 };
const URL = 'https://acme.slack.com/';
const flaws = fc.array(wildText(400), { maxLength: 20 });
const viewBase = { thresholds: PUBLISHED_THRESHOLDS, asOfMs: START_MS, nowMs: START_MS + 90_000 };

describe('no message is ever refused', () => {
  it('/ltv with 0 to 500 units, private and shared', () => {
    fc.assert(
      fc.property(units, flaws, wildText(300), (all, broken, filter) => {
        const view = { ...viewBase, kind: 'many' as const, units: all, hidden: 3, filter, flaws: broken };
        expect(faultsOf(unitsMessage(view, filter))).toEqual([]);
        expect(faultsOf(sharedUnitsMessage(view, ALICE))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('/ltv 1 with any accounts, liabilities and amounts', () => {
    fc.assert(
      fc.property(unit, flaws, fc.option(requestArb, { nil: null }), (each, broken, openRequest) => {
        const view = {
          ...viewBase,
          kind: 'one' as const,
          unit: each,
          flaws: broken,
          inconsistencies: findInconsistencies(each),
          details: {
            borrowable: each.liabilities
              .slice(0, 4)
              .map(({ asset, interest }) => ({ asset, amount: interest })),
            members: null,
          },
          openRequest,
          whyNotClose: {
            code: 'owes' as const,
            groupId: each.groupId,
            liabilities: each.liabilities.map(({ asset, principal, interest }) => ({
              asset,
              principal: principal.toFixed(),
              interest: interest.toFixed(),
            })),
            totalLiability: each.totalLiability.toFixed(),
          },
        };
        expect(faultsOf(unitMessage(view, each.groupId))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('/closed-units', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(evidence, fc.option(requestArb, { nil: null })), { maxLength: 50 }),
        flaws,
        wildText(300),
        (rows, broken, filter) => {
          const view = {
            rows: rows.map(([closed, through]) => ({
              unit: { ...closed, parentEmail: 'p@test.com', enabled: false },
              through,
            })),
            page: 2,
            pages: 3,
            total: 10_000,
            filter,
            timeZone: 'Asia/Singapore',
            asOfMs: START_MS,
            flaws: broken,
          };
          expect(faultsOf(closedUnitsMessage(view, filter, URL))).toEqual([]);
        },
      ),
      RUNS,
    );
  });

  it('the card and its thread with any names in place of mentions', () => {
    fc.assert(
      fc.property(requestArb, eventArb, wildText(200), (request, event, name) => {
        const approvers = new Set(Array.from({ length: 40 }, (_, index) => `U0PERSON${index}`));
        const messages = [
          requestCard(request, { approvers, edition: '1' }),
          noticeMessage(threadText(event, request)),
        ];
        for (const message of messages) {
          const names = new Map([...mentionedIn(message)].map((id) => [id, name]));
          const quiet = withoutPings(message, names, URL);
          expect(faultsOf(quiet)).toEqual([]);
          expect([...mentionedIn(quiet)]).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('the card, the private view, lists and forms of any request', () => {
    fc.assert(
      fc.property(
        requestArb,
        fc.array(requestArb, { maxLength: 3 }),
        factsArb,
        fc.array(factChange, { maxLength: 40 }),
        (request, others, facts, changes) => {
          const approvers = new Set(Array.from({ length: 40 }, (_, index) => `U0PERSON${index}`));
          expect(faultsOf(requestCard(request, { approvers, edition: 'e'.repeat(50) }))).toEqual([]);
          expect(faultsOf(requestCard(request, { approvers: null, edition: '1' }))).toEqual([]);
          expect(faultsOf(requestMessage({ request, approvers, nowMs: START_MS }, URL))).toEqual([]);
          const many = Array.from({ length: 100 }, () => request);
          for (const page of [1, 4, 99])
            expect(
              faultsOf(requestListMessage({ open: many, recent: others, unreadable: [] }, page, URL)),
            ).toEqual([]);
          expect(faultsOf(askedMessage(request, 'C0DESK'))).toEqual([]);
          expect(faultsOf(recordedMessage('Recorded.', request))).toEqual([]);
          const modals = [
            ballotModal({
              request: { ...request, factsDigest: 'ab'.repeat(32), factChanges: changes },
              facts,
            }),
            rejectionModal(request),
            settleModal(request),
            askModal({ facts, digest: 'ab'.repeat(32), policy: request.policy }),
            noticeModal('A title that is much too long for Slack', request.reason),
          ];
          for (const modal of modals) expect(findBlockKitFaults('modal', modal)).toEqual([]);
        },
      ),
      RUNS,
    );
  });

  it('thread replies and direct messages of any event', () => {
    fc.assert(
      fc.property(eventArb, requestArb, (event, request) => {
        expect(faultsOf(noticeMessage(threadText(event, request)))).toEqual([]);
        for (const url of [URL, null]) {
          expect(faultsOf(directMessage(event, request, ALICE, url))).toEqual([]);
          expect(faultsOf(approverMessage(event, request, url))).toEqual([]);
        }
        expect(faultsOf(approversReply(event, request))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('App Home', () => {
    fc.assert(
      fc.property(units, fc.array(requestArb, { maxLength: 3 }), (all, requests) => {
        const many = Array.from({ length: 60 }, (_, index) => requests[index % requests.length]).filter(
          (each) => each !== undefined,
        );
        const { plainer, ...home } = homeTab(
          {
            roles: ['viewer', 'approver'],
            waitingForMe: many,
            open: many,
            recent: many,
            unreadable: many.map(({ id }) => id),
            units: { ...viewBase, kind: 'many', units: all, hidden: 0, filter: null, flaws: [] },
            unitsRefusal: null,
            nowMs: START_MS,
          },
          URL,
        );
        expect(findBlockKitFaults('home', home)).toEqual([]);
        if (plainer !== undefined) expect(findBlockKitFaults('home', plainer)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('help, status, audit and what was not understood', () => {
    expect(faultsOf(helpMessage())).toEqual([]);
    fc.assert(
      fc.property(wildText(2_000), (text) => {
        expect(faultsOf(unknownArgumentMessage(text))).toEqual([]);
        const fault = { position: 4, subjectId: text, sequence: 2, what: text };
        const kept = { kind: 'different', entries: 9 } as const;
        const verdict = { entries: 9, requests: 2, episodes: 1, head: 'ab', fault, kept };
        expect(faultsOf(auditVerdictMessage(verdict, text))).toEqual([]);
        const lines = Array.from({ length: 40 }, () => ({ name: text, level: 'warning' as const, text }));
        expect(faultsOf(statusMessage({ version: text, nodeVersion: '24', mode: 'dry-run', lines }))).toEqual(
          [],
        );
      }),
      RUNS,
    );
  });
});
