// The API as OpenAPI 3.1, whose schemas are JSON Schema as zod writes it: made of the routes and the shapes that are served, so it can tell of nothing else.

import { z } from 'zod';
import { permissions } from '../../administration/permissions.ts';
import { ownVersion } from '../../platform/own-version.ts';
import { API_PATH } from './path.ts';
import { type ProblemName, problems } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { routes } from './routes.ts';

type Json = Readonly<Record<string, unknown>>;

export function openApi(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Postern',
      version: ownVersion(),
      description: 'What operators do and look at, for programs. See docs/API.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API_PATH }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Made by `postern token add`.' },
      },
      schemas: { Problem: problemSchema },
      responses: Object.fromEntries(
        Object.keys(problems).map((name) => [name, responseOf(name as ProblemName)]),
      ),
    },
  };
}

const problemSchema = {
  type: 'object',
  description: 'RFC 9457.',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', enum: Object.keys(problems).map((name) => `urn:postern:problem:${name}`) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'Cause and way out, in words.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['at', 'detail'],
        properties: { at: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
} as const;

function responseOf(name: ProblemName): Json {
  return {
    description: problems[name][1],
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function operationOf(route: Route): Json {
  const { name, summary, useCase, body, answer } = route;
  const { roles, scopes } = permissions[useCase];
  return {
    operationId: name,
    summary,
    description: `Scope: ${scopes.join(' or ')}. Roles: ${roles.join(', ')}.`,
    parameters: parametersOf(route),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: { '200': { description: 'Done.', content: contentOf(answer, route) }, ...failuresOf(route) },
  };
}

function contentOf(answer: Answer, { paging }: Route): Json {
  if (typeof answer === 'string') return { [answer]: {} };
  const schema = schemaOf(answer, 'output');
  const next = { type: 'string', description: 'The cursor to go on with; absent: there is no more.' };
  const paged = paging === undefined ? {} : { properties: { ...(schema['properties'] as Json), next } };
  return { 'application/json': { schema: { ...schema, ...paged } } };
}

/** One of each status: OpenAPI has no room for two. */
function failuresOf({ method, body, params }: Route): Json {
  const names: readonly ProblemName[] = [
    ...(['invalid', 'unauthenticated', 'denied'] as const),
    ...(Object.keys(params.shape).length > 0 ? (['notFound'] as const) : []),
    ...(method === 'GET' ? [] : (['refused'] as const)),
    ...(body === undefined ? [] : (['tooLarge', 'notJson'] as const)),
    ...(method === 'GET' ? [] : (['keyReused'] as const)),
    ...(['tooMany', 'fault', 'trouble', 'late'] as const),
  ];
  return Object.fromEntries(
    names.map((name) => [String(problems[name][0]), { $ref: `#/components/responses/${name}` }]),
  );
}

function parametersOf({ method, params, query, paging, takesReason }: Route): readonly Json[] {
  return [
    ...fieldsOf(params).map((field) => ({ ...field, in: 'path', required: true })),
    ...fieldsOf(query).map((field) => ({ ...field, in: 'query' })),
    ...(paging === undefined
      ? []
      : [
          parameter('query', 'cursor', '`next` of the answer before.'),
          {
            ...parameter('query', 'limit', 'At most so many.'),
            schema: { type: 'integer', minimum: 1, maximum: paging.limit.most, default: paging.limit.usual },
          },
        ]),
    ...(takesReason ? [parameter('header', 'Reason', 'Why, for the trail; percent-encoded UTF-8.')] : []),
    ...(method === 'GET'
      ? []
      : [parameter('header', 'Idempotency-Key', 'Asked again with it, the act is not done again.')]),
  ];
}

function parameter(where: 'query' | 'header', name: string, description: string): Json {
  return { name, in: where, description, schema: { type: 'string' } };
}

function fieldsOf(shape: z.ZodObject): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    ...{ name, schema, required: required.includes(name) },
    ...(description === undefined ? {} : { description }),
  }));
}

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, {
    ...{ io, unrepresentable: 'any' },
    override({ jsonSchema }) {
      // The name of the format says it; the pattern is a screen long.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  return schema;
}
