import { escapeMrkdwn } from '../../src/slack/views/limits.ts';
import type { Directory } from './directory.ts';

/**
 * A command's text as the bot receives it with `should_escape: true`: the three special characters as
 * entities, `@handle` and `#channel` as ids, links in angle brackets. Ready-made `<@U…>` are kept.
 * Source: docs.slack.dev/interactivity/implementing-slash-commands
 */
export function escapeCommandText(text: string, directory: Directory): string {
  const parts = text.split(/(<[@#!][^<>]+>)/);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return part;
      return escapeMrkdwn(part)
        .replaceAll(/https?:\/\/[^\s|]+/g, (url) => `<${url}>`)
        .replaceAll(/(?<![\w&;/])@([\w.-]+)/g, (whole, handle: string) => {
          const person = [...directory.people.values()].find(({ name }) => name === handle);
          if (person !== undefined) return `<@${person.id}|${person.name}>`;
          const group = [...directory.userGroups.values()].find((entry) => entry.handle === handle);
          return group === undefined ? whole : `<!subteam^${group.id}|@${group.handle}>`;
        })
        .replaceAll(/(?<![\w&;/])#([\w-]+)/g, (whole, name: string) => {
          const channel = [...directory.channels.values()].find((entry) => entry.name === name);
          return channel === undefined ? whole : `<#${channel.id}|${channel.name}>`;
        });
    })
    .join('');
}
