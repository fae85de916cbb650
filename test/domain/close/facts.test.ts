import { describe, expect, it } from 'vitest';
import { amount, ZERO } from '../../../src/domain/amount.ts';
import { diffFacts, digestOf, factsOf, isRepaid, shortDigest } from '../../../src/domain/close/facts.ts';
import { exampleUnit, facts } from '../../support/close-requests.ts';

describe('facts', () => {
  it('fault T10: are what was read of a unit: members that are not the credit account, what is owed and would be released, nothing else', () => {
    expect(factsOf(exampleUnit(), 5)).toEqual({
      groupId: '1',
      creditAccount: 'tst20241120@test.com',
      totalLiability: '15.30718771',
      liabilities: [{ asset: 'USDT', principal: '15.30718771', interest: '0' }],
      collateralAccounts: [
        'collatera005@test.com',
        'collateral001@test.com',
        'collateral003@test.com',
        'collateral004l@test.com',
      ],
      netEquity: '26.35196946',
      readAtMs: 5,
    });
  });

  it('approval case 21: times, equity and LTV do not change the digest', () => {
    const before = digestOf(factsOf(exampleUnit(), 1));
    const moved = exampleUnit({
      ltv: amount('0.61'),
      totalNetEquity: amount('25'),
      updatedAtMs: 9,
      maxTransferOutAmount: null,
    });
    expect(digestOf(factsOf(moved, 2))).toBe(before);
  });

  it('the order in which the exchange lists things does not change the digest', () => {
    const unit = exampleUnit();
    expect(digestOf(factsOf({ ...unit, accounts: [...unit.accounts].reverse() }, 1))).toBe(
      digestOf(factsOf(unit, 1)),
    );
  });

  it.each([
    [
      'a liability',
      { liabilities: [{ asset: 'USDT', principal: '0', interest: '0.00000001' }] },
      'liability',
    ],
    ['the total', { totalLiability: '0.00000001' }, 'total liability'],
    ['the credit account', { creditAccount: 'other@test.com' }, 'credit account'],
    ['a collateral account', { collateralAccounts: ['collateral71@test.com'] }, 'collateral account'],
  ] as const)('a change of %s changes the digest and is named', (_, change, fact) => {
    const after = facts(change);
    expect(digestOf(after)).not.toBe(digestOf(facts()));
    expect(diffFacts(facts(), after).map((each) => each.fact)).toEqual([fact]);
  });

  it('liabilities come sorted by asset, those of one asset as they were listed, without those of nothing', () => {
    const owing = (asset: string, principal: string, interest = '0') => ({
      asset,
      principal: amount(principal),
      interest: amount(interest),
    });
    const liabilities = [
      owing('USDT', '1.50'),
      owing('BTC', '0', '0.00000001'),
      owing('ETH', '0'),
      owing('USDT', '2'),
      owing('BNB', '3'),
    ];
    expect(factsOf(exampleUnit({ liabilities }), 1).liabilities).toEqual([
      { asset: 'BNB', principal: '3', interest: '0' },
      { asset: 'BTC', principal: '0', interest: '0.00000001' },
      { asset: 'USDT', principal: '1.5', interest: '0' },
      { asset: 'USDT', principal: '2', interest: '0' },
    ]);
  });

  const owes = { asset: 'USDT', principal: '1', interest: '2' };
  it.each([
    ['the principal', { principal: '3' }, 'USDT', 'principal 1, interest 2', 'principal 3, interest 2'],
    ['the interest', { interest: '3' }, 'USDT', 'principal 1, interest 2', 'principal 1, interest 3'],
  ])('a change of %s of a liability changes the digest and is told', (_, change, which, before, after) => {
    const was = facts({ totalLiability: '3', liabilities: [owes] });
    const is = facts({ totalLiability: '3', liabilities: [{ ...owes, ...change }] });
    expect(digestOf(is)).not.toBe(digestOf(was));
    expect(diffFacts(was, is)).toEqual([{ fact: 'liability', which, before, after }]);
  });

  it('another asset changes the digest, and both are told', () => {
    const was = facts({ totalLiability: '3', liabilities: [owes] });
    const is = facts({ totalLiability: '3', liabilities: [{ ...owes, asset: 'BTC' }] });
    expect(digestOf(is)).not.toBe(digestOf(was));
    expect(diffFacts(was, is)).toEqual([
      { fact: 'liability', which: 'USDT', before: 'principal 1, interest 2', after: null },
      { fact: 'liability', which: 'BTC', before: null, after: 'principal 1, interest 2' },
    ]);
  });

  it('are read aloud by the first eight characters of their digest', () => {
    expect(shortDigest('0123456789abcdef')).toBe('01234567');
  });

  it('digest and difference agree: equal digests, no difference', () => {
    expect(diffFacts(facts(), facts({ readAtMs: 99 }))).toEqual([]);
  });

  it('are repaid when nothing is owed, also by the total alone', () => {
    expect(isRepaid(facts())).toBe(true);
    expect(isRepaid(facts({ totalLiability: '0.00000001' }))).toBe(false);
    expect(isRepaid(facts({ totalLiability: '-1' }))).toBe(false);
    expect(isRepaid(facts({ liabilities: [owes] }))).toBe(false);
    expect(isRepaid(facts({ totalLiability: 'nothing' }))).toBe(false);
    const repaid = factsOf(
      exampleUnit({
        totalLiability: ZERO,
        liabilities: [{ asset: 'USDT', principal: ZERO, interest: ZERO }],
      }),
      1,
    );
    expect(isRepaid(repaid)).toBe(true);
  });
});
