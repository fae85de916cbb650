/** Published and derived signing vectors. The keys are examples from Binance's own pages. */

export const S1 = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const S6 = '2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9';
const S7 = 'YtP1BudNOWZE1ag5uzCkh4hIC7qSmQOu797r5EJBFGhxBYivjj8HIX0iiiPof5yG';
const API_KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';

export const WIDE = '１２３４５６';
const ORDER = 'type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559';

/** What H2's payload gives when it is signed before it is encoded: wrong since 2026-01-15. */
export const H2_WRONG = 'ca2cdfbf21d2e2958de492c7f2dd1f059dd2ed4d4459d26a5ec7928db50c8d4f';

export interface HmacVector {
  readonly name: string;
  readonly secret: string;
  readonly payload: string;
  readonly signature: string;
}

export const PUBLISHED: readonly HmacVector[] = [
  {
    name: 'H1 ASCII',
    secret: S1,
    payload: `symbol=LTCBTC&side=BUY&${ORDER}`,
    signature: 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71',
  },
  {
    name: 'H2 non-ASCII symbol, encoded',
    secret: S1,
    payload: `symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&${ORDER}`,
    signature: 'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3',
  },
  {
    name: 'H3 query and body, joined without a separator',
    secret: S1,
    payload:
      'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559',
    signature: '0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77',
  },
  {
    name: 'H4 WebSocket API, sorted',
    secret: S1,
    payload: `apiKey=${API_KEY}&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT&timeInForce=GTC&timestamp=1645423376532&type=LIMIT`,
    signature: 'aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24',
  },
  {
    name: 'H5 WebSocket API, raw UTF-8',
    secret: S1,
    payload: `apiKey=${API_KEY}&price=0.10000000&quantity=1.00000000&recvWindow=5000&side=BUY&symbol=${WIDE}&timeInForce=GTC&timestamp=1645423376532&type=LIMIT`,
    signature: 'b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd',
  },
  {
    name: 'H6 futures',
    secret: S6,
    payload:
      'symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943',
    signature: '3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9',
  },
  {
    name: 'H7 options',
    secret: S7,
    payload:
      'symbol=BTC-210129-40000-C&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=2000&recvWindow=5000&timestamp=1611825601400',
    signature: '7c12045972f6140e765e0f2b67d28099718df805732676494238f50be830a7d7',
  },
  {
    name: 'H7 options, query and body',
    secret: S7,
    payload:
      'symbol=BTC-210129-40000-C&side=BUY&type=LIMIT&timeInForce=GTCquantity=0.01&price=2000&recvWindow=5000&timestamp=1611825601400',
    signature: 'fa6045c54fb02912b766442be1f66fab619217e551a4fb4f8a1ee000df914d8e',
  },
];

/** For our endpoints: derived with the keys above, cross-checked with openssl; not published by Binance. */
export const DERIVED: readonly {
  readonly parameters: readonly (readonly [string, string])[];
  readonly hmac: string;
  readonly ed25519: string;
}[] = [
  {
    parameters: [],
    hmac: 'cf93f5fc588a8088700b51762273110e3aba6709fe61c7e3133394d317723484',
    ed25519: 'u0Qm3u3vqHjoG0COxqCAx55lRFIOThpYyea+8NNZhMijaYQMJxpv1UcdA+x+25IT9NM70jK1WvHOuAV98gPoDA==',
  },
  {
    parameters: [['groupId', '72']],
    hmac: '35702bbf5f4f8089fc566ca47ab10ddbcabece814931af4d3fe58430475c4983',
    ed25519: 'BrcTgai8evq02qeJjfGtasdeINjofBrc07U2g8xr8kNS5XgHIKEETxmVAY/FCIty3lMf7mWWr1GVToVs4scWAw==',
  },
  {
    parameters: [
      ['current', '1'],
      ['size', '100'],
    ],
    hmac: 'b65814c75b7d3a90dbe2ce6f25de76f91fe506d31ee55319a3583baf0e3c8efe',
    ed25519: 'L0uUkNmnVY0NtbkPBj10hk7xg3DJYeC27UViwoiK1r2q+FpWHFwKtb51+AyHxNL422wmcAk/5RumEI2qswjMAA==',
  },
  {
    parameters: [['groupId', '9007199254740993']],
    hmac: '2bd6a54f23110cc5f98722527a033898ee3112c3b2d0284e6326f2bb0bfddce5',
    ed25519: 'BNiaK8UnqwjAP6NzIotRSyQ5s8SIHMwluuVgN97i35wAtZIzz315kZWvRxCB3WUy1X841NMTdHqH0jKCF58xCQ==',
  },
];

/** E1: the FIX API's example key, the only published Ed25519 pair that can be reproduced. */
export const E1_PEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u
-----END PRIVATE KEY-----
`;
export const E1_PAYLOAD = ['A', 'EXAMPLE', 'SPOT', '1', '20240627-11:17:25.223'].join('\u0001');
export const E1_SIGNATURE =
  '4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA==';

/** R1: an RSA signature without its key pair; it shows the encoding only. */
export const R1_SIGNATURE =
  'HZ8HOjiJ1s/igS9JA+n7+7Ti/ihtkRF5BIWcPIEluJP6tlbFM/Bf44LfZka/iemtahZAZzcO9TnI5uaXh3++lrqtNonCwp6/245UFWkiW1elpgtVAmJPbogcAv6rSlokztAfWk296ZJXzRDYAtzGH0gq7CgSJKfH+XxaCmR0WcvlKjNQnp12/eKXJYO4tDap8UCBLuyxDnR7oJKLHQHJLP0r0EAVOOSIbrFang/1WOq+Jaq4Efc4XpnTgnwlBbWTmhWDR1pvS9iVEzcSYLHT/fNnMRxFc7u+j3qI//5yuGuu14KR0MuQKKCSpViieD+fIti46sxPTsjSemoUKp0oXA==';
