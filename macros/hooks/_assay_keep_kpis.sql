{#-
    Add to `kept`, which is `ops_kpis`, the figures of the run that ends here, if it asked, served
    or checked anything. They are counted from what ops shows and its sources, so that no other
    count can differ.
-#}
{% macro _assay_keep_kpis(kept) -%}
    {%- set from = {} -%}
    {%- for name in ['ops_calls', 'ops_savings', 'ops_answer_statuses', 'ops_row_gates', 'ops_gates_by_run'] -%}
        {%- do from.update({name: assay._assay_ops_relation(name)}) -%}
    {%- endfor -%}
    {%- set run, began = assay._assay_quoted(invocation_id), run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") -%}
    {%- if kept and none not in from.values() and flags.WHICH in ['build', 'run'] -%}
insert into {{ kept }} by name
with

targets as (
    {% for kpi, target in assay._assay_kpi_targets().items() %}
    select
        '{{ kpi }}' as kpi,
        {{ target }}::double as target
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

moments as (

    select
        '{{ began }}'::timestamp as started_at,
        now()::timestamptz at time zone 'UTC' as measured_at

),

requests as (

    select
        count(*) as attempts,
        count(*) filter (where outcome not in ('ok', 'partial')) as failed_attempts
    from {{ from.ops_calls }}
    where invocation_id = {{ run }} and ended_at is not null

),

served as (

    select
        prompt_hash,
        sum(row_count) as row_count
    from {{ from.ops_savings }}
    where invocation_id = {{ run }}
    group by prompt_hash

),

fates as (

    select
        coalesce(sum(row_count + kept), 0) as questions,
        coalesce(sum(row_count + kept) filter (where fate = 'ok'), 0) as answered
    from {{ source('assay_store', 'fates') }}
    where invocation_id = {{ run }} and fate <> 'repeated'

),

askers as (

    select
        prompt_hash,
        min(model_name) as model_name
    from {{ from.ops_answer_statuses }}
    group by prompt_hash

),

records_by_model as (

    select max(served.row_count) as row_count
    from served
    left join askers on served.prompt_hash = askers.prompt_hash
    group by coalesce(askers.model_name, served.prompt_hash)

),

row_gates as (

    select distinct
        model_name,
        checked_count,
        quarantined_count
    from {{ from.ops_row_gates }}

),

counts as (

    select
        (select coalesce(sum(row_count), 0) from records_by_model) as records,
        fates.questions,
        fates.answered,
        (select coalesce(sum(checked_count), 0) from row_gates) as checked,
        (select coalesce(sum(quarantined_count), 0) from row_gates) as quarantined,
        (select count(*) from {{ from.ops_gates_by_run }} where invocation_id = {{ run }}) as gates,
        epoch(moments.measured_at - moments.started_at) / 3600 as hours,
        requests.attempts,
        requests.failed_attempts,
        moments.started_at,
        moments.measured_at
    from moments
    cross join requests
    cross join fates

),

figures as (

    select 'processing_hours' as kpi, 'hours' as unit, hours as value, records as counted from counts
    union all
    select 'data_quality_score', 'share', 1 - quarantined / nullif(checked, 0), checked from counts
    union all
    select 'enrichment_rate', 'share', answered / nullif(questions, 0), questions from counts
    union all
    select 'records_per_hour', 'records an hour', nullif(records, 0) / nullif(hours, 0), records from counts
    union all
    select 'error_rate', 'share', failed_attempts / nullif(attempts, 0), attempts from counts

)

select
    {{ run }} as invocation_id,

    figures.kpi,
    figures.unit,

    figures.value,
    targets.target,
    figures.counted::bigint as counted,

    case
        when figures.kpi = 'records_per_hour' and figures.counted < 1000 then null
        when figures.kpi in ('processing_hours', 'error_rate') then figures.value <= targets.target
        else figures.value >= targets.target
    end as is_met,

    counts.started_at,
    counts.measured_at

from figures
inner join targets on figures.kpi = targets.kpi
cross join counts
where figures.value is not null and counts.questions + counts.attempts + counts.gates > 0;
    {%- endif -%}
{%- endmacro %}

{#- The targets of the five figures: ours, or those of `vars: ai_kpis:`; names and numbers are checked. -#}
{% macro _assay_kpi_targets() -%}
    {%- set targets = {
        'processing_hours': 2, 'data_quality_score': 0.9, 'enrichment_rate': 0.7,
        'records_per_hour': 100000, 'error_rate': 0.05
    } -%}
    {%- set own = var('ai_kpis', {}) -%}
    {%- if own is not mapping -%}
        {%- do assay._assay_error('ops_kpis', 'ai_kpis', own, 'give a mapping of figures to targets') -%}
    {%- endif -%}
    {%- for kpi, target in own.items() -%}
        {%- if kpi not in targets -%}
            {%- do assay._assay_error('ops_kpis', 'ai_kpis', kpi, 'there is no such figure; there are: ' ~ targets | join(', ')) -%}
        {%- elif target is not number or target is boolean or target < 0 -%}
            {%- do assay._assay_error('ops_kpis', kpi, target, 'give a number from 0 on') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do targets.update(own) -%}
    {%- do return(targets) -%}
{%- endmacro %}
