/** What hears a whole process, once, however many test files it runs one after the other. */
import { Heard } from './heard.ts';
import { listenToAssertions } from './listen-to-assertions.ts';
import { listenToProcesses } from './listen-to-processes.ts';
import { listenToRequests } from './listen-to-requests.ts';

export const heard = new Heard();

listenToProcesses(heard);
listenToRequests();
listenToAssertions(heard);
