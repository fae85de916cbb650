/** From the settings to what the Slack adapter takes. */

import type { SlackSettings } from '../slack/adapter-settings.ts';
import type { Config } from './config.ts';

export function slackSettingsOf({ slack }: Config): SlackSettings {
  const { transport } = slack;
  return {
    botToken: slack.botToken,
    signingSecret: transport.kind === 'http' ? transport.signingSecret : null,
    appToken: transport.kind === 'socket' ? transport.appToken : null,
    apiUrl: slack.apiUrl,
    host: slack.host,
    port: slack.port,
    closeChannel: slack.closeChannel,
    allowedChannels: slack.allowedChannels,
    auditChannel: slack.auditChannel,
  };
}
