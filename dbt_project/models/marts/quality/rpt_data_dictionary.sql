{%- set entries = [] -%}
{%- if execute -%}
    {%- for model in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('schema', 'equalto', this.schema) -%}
        {%- do entries.append(['table', model.name, model.name, none, model.description]) -%}
        {%- for column in model.columns.values() -%}
            {%- do entries.append(
                ['column', model.name, column.name, column.data_type, column.description]
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set marts_of_measures = {} -%}
    {%- for semantic_model in graph.semantic_models.values() -%}
        {%- for measure in semantic_model.measures -%}
            {%- do marts_of_measures.update({measure.name: semantic_model.node_relation.alias}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for metric in graph.metrics.values() -%}
        {%- set measures = metric.type_params.input_measures | map(attribute='name') | list -%}
        {%- do entries.append([
            'metric', marts_of_measures.get(measures | first, ''), metric.name,
            metric.config.meta.format, metric.description
        ]) -%}
    {%- endfor -%}
{%- endif %}
with entries (entry_kind, table_name, entry_name, data_type, description) as (

    {% for entry in entries | sort %}
        select
            {% for value in entry %}
                {{ "'" ~ (value | string | replace("'", "''") | replace('\n', ' ') | trim) ~ "'"
                    if value else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
                {{- ',' if not loop.last }}
            {% endfor %}
        {{ 'union all' if not loop.last }}
    {% else %}
        select
            {% for _ in range(5) %}
                cast(null as {{ dbt.type_string() }}){{ ',' if not loop.last }}
            {% endfor %}
        where 1 = 0
    {% endfor %}

)

select
    entry_kind,
    table_name,
    entry_name,
    data_type,
    description
from entries
