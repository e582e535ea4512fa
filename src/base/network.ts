// What an IP address looks like: the only part of Node's network module that pure code needs.

export { isIP, isIPv4, isIPv6 } from 'node:net';
